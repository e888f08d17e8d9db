/** The texts of every page in English. The other languages follow this list. Braces name what is put in. */
export const en = () => ({ ...common(), ...login(), ...others(), ...troubles(), ...demo() })

const common = () => ({
  errorTitle: 'Error: {title}',
  continue: 'Continue',
  continueTo: 'Continue to {app}',
  theApplication: 'the application',
  youMayClose: 'You can close this page.',
  request: 'Request {id}',
  privacyPolicy: 'Privacy policy',
  termsOfService: 'Terms of service',
  support: 'Help',
  privacy: 'Privacy',
  terms: 'Terms',
})

const login = () => ({
  logIn: 'Log in',
  userName: 'User name',
  password: 'Password',
  rememberMe: 'Remember me',
  cancel: 'Cancel',
  mismatch: 'User name and password do not match. Check both and try again.',
  tryOut: 'To try it out: user name {name}, password {password}.',

  wantsAccess: '{app} wants to use your account',
  someWantsAccess: 'An application wants to use your account',
  registeredItself:
    'This application calls itself {name}. It registered itself, and {brand} has not checked it. Allow access only if you have just started this yourself.',
  willBeAbleTo: '{app} will be able to:',
  loggedInAs: 'Logged in as {user}',
  notYou: 'Not you? Use another account',
  seeWhoYouAre: 'Know who you are',
  seeWhoYouAreMore: 'Always needed to log in',
  seeProfile: 'See your profile',
  seeProfileMore: 'Name, picture, birthday and more',
  seeEmail: 'See your email address',
  seeAddress: 'See your postal address',
  seePhone: 'See your phone number',
  stayConnected: 'Stay connected while you are away',
  stayConnectedMore: 'Until you remove the access',
  useForYou: 'Use {audience} on your behalf',
  doNotAskAgain: 'Do not ask me again',
  allow: 'Allow',
  deny: 'Deny',
})

const others = () => ({
  wantsLogOut: 'Log out?',
  asksToLogOut: '{app} asks you to log out.',
  endsLogin: 'This logs {user} out in this browser.',
  endsSomeLogin: 'This ends a login in this browser only. Logins elsewhere stay as they are.',
  logOut: 'Log out',
  stayLoggedIn: 'Stay logged in',
  stillLoggedIn: 'You are still logged in',
  mayHaveLoggedOut: 'The application may have logged you out all the same.',
  loggedOut: 'You are logged out',
  loggingOut: 'Logging out',
  loggingOutOf: 'You are being logged out of your applications.',
  application: 'Application',

  connectDevice: 'Connect a device',
  connectTo: 'Connect {app}',
  typeCode: 'Type the code that your device shows.',
  compareCode: 'Continue only if a device in front of you shows this same code.',
  codeOnDevice: 'Code on the device',
  codeMissing: 'No code was typed.',
  codeUnusable: 'This code is unknown, expired or already used. Check it and try again.',
  codesTooMany: 'Too many codes were tried. Wait a few minutes and try again.',
  deviceConnected: 'Your device is connected',
  returnToDevice: 'Return to your device. You can close this page.',
  deviceNotConnected: 'Your device is not connected',
  startOnDevice: 'To connect it, start again on the device. You can close this page.',
  youSaidNo: 'You said no.',
  noCameLate: 'It was connected before you said no. Remove the access where you manage your applications.',
})

const troubles = () => ({
  linkExpired: 'This link has expired',
  linkExpiredMore: 'Go back to the application and start again. Nothing is lost.',
  somethingWrong: 'Something went wrong',
  goBackAndTryAgain: 'Go back to the application and try again.',
  startAgain: 'Start again',
  couldNotLogIn: '{app} could not log you in',
  setUpWrongly:
    'The link that brought you here is not set up correctly. Only the people who run {app} can fix it.',
  ownSide: 'Something does not work on our side. Try again in a few minutes.',
  whatUnknown: 'What went wrong is not known any more.',
  backTo: 'Back to {app}',
  forDevelopers: 'Details for developers',
  detailError: 'Error',
  detailReason: 'Reason',
  detailTime: 'Time',
  detailRequest: 'Request',
  howToFix: 'How to fix this',
  notFound: 'Page not found',
  notFoundMore: 'There is no page at this address.',
  tooManyRequests: 'Too many requests',
  waitAndReload: 'Wait a little, then load this page again. Nothing is lost.',

  noLoginPage: 'No login page is configured',
  noConsentPage: 'No consent page is configured',
  noLogoutPage: 'No logout page is configured',
  noDevicePage: 'No device page is configured',
  setSetting: 'Whoever runs this server has to say where the page is: setting {setting}.',
})

const demo = () => ({
  demoRunning: '{name} is running',
  demoSeeYou: 'See you again',
  demoAbout:
    'This server issues OAuth 2.0 and OpenID Connect tokens. Walk through a whole login with a demo application: authorization code with PKCE, over the built-in login and consent pages.',
  demoLogIn: 'Log in with the demo application',
  demoLookAround: 'Look around',
  demoDiscovery: 'Discovery document',
  demoKeys: 'Public keys',
  demoHealth: 'Health',
  demoLoggedIn: 'You are logged in',
  demoSaidNo: 'You said no',
  demoNoAccess: 'The application got no access. Nothing is lost: you can log in again.',
  demoNotStarted: 'This browser did not start the login that ended here, or it took too long.',
  demoFailed: 'The login ended without success.',
  demoNoIdToken: 'There is no ID token: the scope {scope} was not granted.',
  demoWho: 'Who logged in: the ID token',
  demoTokens: 'Tokens',
  demoOpaque: 'opaque',
  demoAccessToken: 'Access token, {form}, good for {seconds} seconds',
  demoRefreshToken: 'Refresh token',
  demoIdToken: 'ID token',
  demoScope: 'Granted scope',
  demoAccessTokenContent: 'The access token',
  demoVerified: 'verified',
  demoUnverified: 'failed',
  demoRefresh: 'Refresh',
  demoUserinfo: 'Call userinfo',
  demoIntrospect: 'Introspect',
  demoRevoke: 'Revoke',
  demoDone: '{action}: done',
  demoStatus: '{action}: status {status}',
  demoNewTokens: '{action}: new tokens',
})

/** The name of a text. */
export type TextName = keyof ReturnType<typeof en>

/** All texts of a language. */
export type Texts = Readonly<Record<TextName, string>>
