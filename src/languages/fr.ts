import type { Texts } from './en.ts'

/** The texts of every page in French. */
export const fr = (): Texts => ({ ...common(), ...login(), ...others(), ...troubles(), ...demo() })

const common = () => ({
  errorTitle: 'Erreur\u00a0: {title}',
  continue: 'Continuer',
  continueTo: 'Continuer vers {app}',
  theApplication: 'l’application',
  youMayClose: 'Vous pouvez fermer cette page.',
  request: 'Requête {id}',
  privacyPolicy: 'Politique de confidentialité',
  termsOfService: 'Conditions d’utilisation',
  support: 'Aide',
  privacy: 'Confidentialité',
  terms: 'Conditions',
})

const login = () => ({
  logIn: 'Se connecter',
  userName: 'Nom d’utilisateur',
  password: 'Mot de passe',
  rememberMe: 'Rester connecté',
  cancel: 'Annuler',
  mismatch:
    'Le nom d’utilisateur et le mot de passe ne correspondent pas. Vérifiez les deux, puis réessayez.',
  tryOut: 'Pour essayer\u00a0: nom d’utilisateur {name}, mot de passe {password}.',

  wantsAccess: '{app} souhaite utiliser votre compte',
  someWantsAccess: 'Une application souhaite utiliser votre compte',
  registeredItself:
    'Cette application dit s’appeler {name}. Elle s’est enregistrée elle-même et n’a pas été vérifiée par {brand}. N’autorisez l’accès que si vous venez vous-même de le demander.',
  willBeAbleTo: '{app} pourra\u00a0:',
  loggedInAs: 'Connecté en tant que {user}',
  notYou: 'Ce n’est pas vous\u202f? Utiliser un autre compte',
  seeWhoYouAre: 'Savoir qui vous êtes',
  seeWhoYouAreMore: 'Toujours nécessaire pour se connecter',
  seeProfile: 'Voir votre profil',
  seeProfileMore: 'Nom, photo, date de naissance, etc.',
  seeEmail: 'Voir votre adresse e-mail',
  seeAddress: 'Voir votre adresse postale',
  seePhone: 'Voir votre numéro de téléphone',
  stayConnected: 'Garder l’accès en votre absence',
  stayConnectedMore: 'Jusqu’à ce que vous retiriez l’accès',
  useForYou: 'Utiliser {audience} en votre nom',
  doNotAskAgain: 'Ne plus me demander',
  allow: 'Autoriser',
  deny: 'Refuser',
})

const others = () => ({
  wantsLogOut: 'Se déconnecter\u202f?',
  asksToLogOut: '{app} vous demande de vous déconnecter.',
  endsLogin: 'La session ouverte dans ce navigateur ({user}) prendra fin.',
  endsSomeLogin:
    'Seule une session de ce navigateur prendra fin. Celles des autres appareils restent ouvertes.',
  logOut: 'Se déconnecter',
  stayLoggedIn: 'Rester connecté',
  stillLoggedIn: 'Vous êtes toujours connecté',
  mayHaveLoggedOut: 'Il se peut que l’application vous ait tout de même déconnecté.',
  loggedOut: 'Vous êtes déconnecté',
  loggingOut: 'Déconnexion en cours',
  loggingOutOf: 'Déconnexion de vos applications en cours.',
  application: 'Application',

  connectDevice: 'Connecter un appareil',
  connectTo: 'Connecter {app}',
  typeCode: 'Saisissez le code affiché par votre appareil.',
  compareCode: 'Ne continuez que si un appareil devant vous affiche exactement ce code.',
  codeOnDevice: 'Code affiché par l’appareil',
  codeMissing: 'Aucun code n’a été saisi.',
  codeUnusable: 'Ce code est inconnu, expiré ou déjà utilisé. Vérifiez-le, puis réessayez.',
  codesTooMany: 'Trop de codes ont été essayés. Patientez quelques minutes, puis réessayez.',
  deviceConnected: 'Votre appareil est connecté',
  returnToDevice: 'Revenez à votre appareil. Vous pouvez fermer cette page.',
  deviceNotConnected: 'Votre appareil n’est pas connecté',
  startOnDevice: 'Pour le connecter, recommencez sur l’appareil. Vous pouvez fermer cette page.',
  youSaidNo: 'Vous avez refusé.',
  noCameLate:
    'L’appareil a été connecté avant votre refus. Retirez l’accès là où vous gérez vos applications.',
})

const troubles = () => ({
  linkExpired: 'Ce lien a expiré',
  linkExpiredMore: 'Revenez à l’application et recommencez. Rien n’est perdu.',
  somethingWrong: 'Un problème est survenu',
  goBackAndTryAgain: 'Revenez à l’application et réessayez.',
  startAgain: 'Recommencer',
  couldNotLogIn: '{app} n’a pas pu vous connecter',
  setUpWrongly:
    'Le lien que vous avez suivi n’est pas configuré correctement. Seuls les responsables de {app} peuvent y remédier.',
  ownSide: 'Un problème est survenu de notre côté. Réessayez dans quelques minutes.',
  whatUnknown: 'Nous ne savons plus ce qui s’est passé.',
  backTo: 'Retour à {app}',
  forDevelopers: 'Détails pour les développeurs',
  detailError: 'Erreur',
  detailReason: 'Raison',
  detailTime: 'Heure',
  detailRequest: 'Requête',
  howToFix: 'Comment résoudre ce problème',
  notFound: 'Page introuvable',
  notFoundMore: 'Il n’y a pas de page à cette adresse.',
  tooManyRequests: 'Trop de requêtes',
  waitAndReload: 'Patientez un peu, puis rechargez cette page. Rien n’est perdu.',

  noLoginPage: 'Aucune page de connexion n’est configurée',
  noConsentPage: 'Aucune page de consentement n’est configurée',
  noLogoutPage: 'Aucune page de déconnexion n’est configurée',
  noDevicePage: 'Aucune page d’appareil n’est configurée',
  setSetting: 'Le responsable de ce serveur doit indiquer où se trouve la page\u00a0: paramètre {setting}.',
})

const demo = () => ({
  demoRunning: '{name} fonctionne',
  demoSeeYou: 'À bientôt',
  demoAbout:
    'Ce serveur émet des jetons OAuth 2.0 et OpenID Connect. Suivez une connexion complète avec une application de démonstration\u00a0: code d’autorisation avec PKCE, en passant par les pages intégrées de connexion et de consentement.',
  demoLogIn: 'Se connecter avec l’application de démonstration',
  demoLookAround: 'Autres pages',
  demoDiscovery: 'Document de découverte',
  demoKeys: 'Clés publiques',
  demoHealth: 'État du serveur',
  demoLoggedIn: 'Vous êtes connecté',
  demoSaidNo: 'Vous avez refusé',
  demoNoAccess: 'L’application n’a obtenu aucun accès. Rien n’est perdu\u00a0: vous pouvez vous reconnecter.',
  demoNotStarted:
    'Ce navigateur n’a pas commencé la connexion qui s’est terminée ici, ou elle a duré trop longtemps.',
  demoFailed: 'La connexion a échoué.',
  demoNoIdToken: 'Il n’y a pas de jeton d’identité\u00a0: la portée {scope} n’a pas été accordée.',
  demoWho: 'Qui s’est connecté\u00a0: le jeton d’identité',
  demoTokens: 'Jetons',
  demoOpaque: 'sans contenu lisible',
  demoAccessToken: 'Jeton d’accès, {form}, valable {seconds} secondes',
  demoRefreshToken: 'Jeton de rafraîchissement',
  demoIdToken: 'Jeton d’identité',
  demoScope: 'Portée accordée',
  demoAccessTokenContent: 'Le jeton d’accès',
  demoVerified: 'vérifié',
  demoUnverified: 'échec',
  demoRefresh: 'Rafraîchir',
  demoUserinfo: 'Appeler userinfo',
  demoIntrospect: 'Examiner le jeton',
  demoRevoke: 'Révoquer',
  demoDone: '{action}\u00a0: c’est fait',
  demoStatus: '{action}\u00a0: statut {status}',
  demoNewTokens: '{action}\u00a0: nouveaux jetons',
})
