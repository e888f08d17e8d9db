import type { Texts } from './en.ts'

/** The texts of every page in German. */
export const de = (): Texts => ({ ...common(), ...login(), ...others(), ...troubles(), ...demo() })

const common = () => ({
  errorTitle: 'Fehler: {title}',
  continue: 'Weiter',
  continueTo: 'Weiter zu {app}',
  theApplication: 'die Anwendung',
  youMayClose: 'Sie können diese Seite schließen.',
  request: 'Anfrage {id}',
  privacyPolicy: 'Datenschutzerklärung',
  termsOfService: 'Nutzungsbedingungen',
  support: 'Hilfe',
  privacy: 'Datenschutz',
  terms: 'Nutzungsbedingungen',
})

const login = () => ({
  logIn: 'Anmelden',
  userName: 'Benutzername',
  password: 'Passwort',
  rememberMe: 'Angemeldet bleiben',
  cancel: 'Abbrechen',
  mismatch:
    'Benutzername und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.',
  tryOut: 'Zum Ausprobieren: Benutzername {name}, Passwort {password}.',

  wantsAccess: '{app} möchte Ihr Konto verwenden',
  someWantsAccess: 'Eine Anwendung möchte Ihr Konto verwenden',
  registeredItself:
    'Diese Anwendung nennt sich {name}. Sie hat sich selbst registriert und wurde von {brand} nicht geprüft. Erlauben Sie den Zugriff nur, wenn Sie den Vorgang gerade selbst begonnen haben.',
  willBeAbleTo: '{app} darf dann:',
  loggedInAs: 'Angemeldet als {user}',
  notYou: 'Nicht Sie? Anderes Konto verwenden',
  seeWhoYouAre: 'Wissen, wer Sie sind',
  seeWhoYouAreMore: 'Für die Anmeldung immer nötig',
  seeProfile: 'Ihr Profil sehen',
  seeProfileMore: 'Name, Bild, Geburtstag und mehr',
  seeEmail: 'Ihre E-Mail-Adresse sehen',
  seeAddress: 'Ihre Postanschrift sehen',
  seePhone: 'Ihre Telefonnummer sehen',
  stayConnected: 'Verbunden bleiben, während Sie abwesend sind',
  stayConnectedMore: 'Bis Sie den Zugriff widerrufen',
  useForYou: '{audience} in Ihrem Namen nutzen',
  doNotAskAgain: 'Nicht mehr fragen',
  allow: 'Erlauben',
  deny: 'Ablehnen',
})

const others = () => ({
  wantsLogOut: 'Abmelden?',
  asksToLogOut: '{app} bittet Sie, sich abzumelden.',
  endsLogin: 'Damit endet die Anmeldung von {user} in diesem Browser.',
  endsSomeLogin:
    'Damit endet nur die Anmeldung in diesem Browser. Anmeldungen auf anderen Geräten bleiben bestehen.',
  logOut: 'Abmelden',
  stayLoggedIn: 'Angemeldet bleiben',
  stillLoggedIn: 'Sie sind weiterhin angemeldet',
  mayHaveLoggedOut: 'Die Anwendung hat Sie möglicherweise trotzdem abgemeldet.',
  loggedOut: 'Sie sind abgemeldet',
  loggingOut: 'Abmeldung läuft',
  loggingOutOf: 'Sie werden von Ihren Anwendungen abgemeldet.',
  application: 'Anwendung',

  connectDevice: 'Gerät verbinden',
  connectTo: '{app} verbinden',
  typeCode: 'Geben Sie den Code ein, den Ihr Gerät anzeigt.',
  compareCode: 'Fahren Sie nur fort, wenn ein Gerät vor Ihnen genau diesen Code anzeigt.',
  codeOnDevice: 'Code auf dem Gerät',
  codeMissing: 'Es wurde kein Code eingegeben.',
  codeUnusable:
    'Dieser Code ist unbekannt, abgelaufen oder schon verwendet. Prüfen Sie ihn und versuchen Sie es noch einmal.',
  codesTooMany:
    'Es wurden zu viele Codes ausprobiert. Warten Sie einige Minuten und versuchen Sie es dann noch einmal.',
  deviceConnected: 'Ihr Gerät ist verbunden',
  returnToDevice: 'Kehren Sie zu Ihrem Gerät zurück. Sie können diese Seite schließen.',
  deviceNotConnected: 'Ihr Gerät ist nicht verbunden',
  startOnDevice: 'Um es zu verbinden, beginnen Sie auf dem Gerät von vorn. Sie können diese Seite schließen.',
  youSaidNo: 'Sie haben abgelehnt.',
  noCameLate:
    'Das Gerät wurde verbunden, bevor Sie abgelehnt haben. Widerrufen Sie den Zugriff dort, wo Sie Ihre Anwendungen verwalten.',
})

const troubles = () => ({
  linkExpired: 'Dieser Link ist abgelaufen',
  linkExpiredMore: 'Gehen Sie zurück zur Anwendung und beginnen Sie von vorn. Es geht nichts verloren.',
  somethingWrong: 'Etwas ist schiefgegangen',
  goBackAndTryAgain: 'Gehen Sie zurück zur Anwendung und versuchen Sie es noch einmal.',
  startAgain: 'Von vorn beginnen',
  couldNotLogIn: '{app} konnte Sie nicht anmelden',
  setUpWrongly:
    'Der Link, der Sie hierhergeführt hat, ist nicht richtig eingerichtet. Beheben kann das nur, wer {app} betreibt.',
  ownSide: 'Bei uns funktioniert gerade etwas nicht. Versuchen Sie es in einigen Minuten noch einmal.',
  whatUnknown: 'Was schiefgegangen ist, ist nicht mehr bekannt.',
  backTo: 'Zurück zu {app}',
  forDevelopers: 'Einzelheiten für Entwickler',
  detailError: 'Fehler',
  detailReason: 'Grund',
  detailTime: 'Zeitpunkt',
  detailRequest: 'Anfrage',
  howToFix: 'Wie man das behebt',
  notFound: 'Seite nicht gefunden',
  notFoundMore: 'Unter dieser Adresse gibt es keine Seite.',
  tooManyRequests: 'Zu viele Anfragen',
  waitAndReload: 'Warten Sie ein wenig und laden Sie diese Seite dann neu. Es geht nichts verloren.',

  noLoginPage: 'Es ist keine Anmeldeseite eingerichtet',
  noConsentPage: 'Es ist keine Zustimmungsseite eingerichtet',
  noLogoutPage: 'Es ist keine Abmeldeseite eingerichtet',
  noDevicePage: 'Es ist keine Geräteseite eingerichtet',
  setSetting: 'Wer diesen Server betreibt, muss angeben, wo die Seite ist: Einstellung {setting}.',
})

const demo = () => ({
  demoRunning: '{name} läuft',
  demoSeeYou: 'Bis zum nächsten Mal',
  demoAbout:
    'Dieser Server stellt Tokens für OAuth 2.0 und OpenID Connect aus. Gehen Sie mit einer Beispielanwendung eine ganze Anmeldung durch: Authorization Code mit PKCE, über die eingebauten Seiten für Anmeldung und Zustimmung.',
  demoLogIn: 'Mit der Beispielanwendung anmelden',
  demoLookAround: 'Weitere Seiten',
  demoDiscovery: 'Discovery-Dokument',
  demoKeys: 'Öffentliche Schlüssel',
  demoHealth: 'Zustand',
  demoLoggedIn: 'Sie sind angemeldet',
  demoSaidNo: 'Sie haben abgelehnt',
  demoNoAccess:
    'Die Anwendung hat keinen Zugriff erhalten. Es ging nichts verloren: Sie können sich erneut anmelden.',
  demoNotStarted:
    'Die Anmeldung, die hier endete, wurde nicht in diesem Browser begonnen oder hat zu lange gedauert.',
  demoFailed: 'Die Anmeldung endete ohne Erfolg.',
  demoNoIdToken: 'Es gibt kein ID-Token: Der Scope {scope} wurde nicht gewährt.',
  demoWho: 'Wer angemeldet ist: das ID-Token',
  demoTokens: 'Tokens',
  demoOpaque: 'ohne lesbaren Inhalt',
  demoAccessToken: 'Access-Token, {form}, gültig für {seconds} Sekunden',
  demoRefreshToken: 'Refresh-Token',
  demoIdToken: 'ID-Token',
  demoScope: 'Gewährter Scope',
  demoAccessTokenContent: 'Das Access-Token',
  demoVerified: 'geprüft',
  demoUnverified: 'fehlgeschlagen',
  demoRefresh: 'Erneuern',
  demoUserinfo: 'Userinfo abrufen',
  demoIntrospect: 'Token abfragen',
  demoRevoke: 'Widerrufen',
  demoDone: '{action}: erledigt',
  demoStatus: '{action}: Status {status}',
  demoNewTokens: '{action}: neue Tokens',
})
