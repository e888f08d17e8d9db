"""Calls every operation of one release of ory-hydra-client against a running Ladon, as an unchanged program would.

usage: python operations.py VERSION BASE ADMIN_KEY [discard]
The release is on PYTHONPATH. `discard` sets discard_unknown_keys (1.9). Prints one JSON record; see ../README.md.
"""
import base64
import http.cookiejar
import inspect
import json
import logging
import platform
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

import ory_hydra_client

VERSION, BASE, KEY = sys.argv[1:4]
DISCARD = 'discard' in sys.argv
GENERATION = tuple(int(part) for part in VERSION.split('.')[:2])
V2 = GENERATION >= (2, 0)
SETTERS = GENERATION < (1, 9)
CHECKED = (1, 9) <= GENERATION < (25, 0)
REDIRECT = 'http://127.0.0.1:9000/cb'
SUBJECT = 'foo@bar.com'

logging.disable(logging.CRITICAL)


def api_classes():
    if V2:
        names = [('jwk_api', 'JwkApi'), ('metadata_api', 'MetadataApi'), ('o_auth2_api', 'OAuth2Api'),
                 ('oidc_api', 'OidcApi'), ('wellknown_api', 'WellknownApi')]
    else:
        names = [('admin_api', 'AdminApi'), ('public_api', 'PublicApi')]
        names += [('metadata_api', 'MetadataApi')] if GENERATION >= (1, 11) else []
    return [getattr(__import__('ory_hydra_client.api.' + file, fromlist=[name]), name) for file, name in names]


def sdk(authorization=None, username=None, password=None, access_token=None):
    """The release's classes, for a caller who is who the arguments say."""
    from ory_hydra_client.configuration import Configuration
    from ory_hydra_client.api_client import ApiClient
    options = {'discard_unknown_keys': True} if DISCARD else {}
    if SETTERS and username is None:
        username = password = ''  # 1.2 adds them up before it looks whether there are any
    configuration = Configuration(host=BASE, username=username, password=password, **options)
    configuration.access_token = access_token
    client = ApiClient(configuration)
    if authorization:
        client.set_default_header('Authorization', authorization)
    return [made(client) for made in api_classes()]


def call(apis, names, body=None, **arguments):
    """Calls the first of the names that the release has, with a body if there is one."""
    for name in [names] if isinstance(names, str) else names:
        for api in apis:
            method = getattr(api, name, None)
            if method is None:
                continue
            if body is not None:
                arguments[body_name(api, name)] = body_of(api, name, body)
            return method(**arguments)
    raise Missing()


class Missing(Exception):
    """The release has no such operation."""


def endpoint_of(api, name):
    return getattr(api, name + '_endpoint', None) or getattr(api, name)


def body_name(api, name):
    if SETTERS:
        return 'body'
    if CHECKED:
        return next(key for key, where in endpoint_of(api, name).location_map.items() if where == 'body')
    signature = inspect.signature(getattr(api, name)).parameters
    return next(key for key, value in signature.items()
                if 'models' in str(value.annotation) and not key.startswith('_') and key != 'self')


def body_of(api, name, body):
    if not CHECKED:
        return body
    endpoint = endpoint_of(api, name)
    model = endpoint.openapi_types[body_name(api, name)][0]
    from ory_hydra_client.model_utils import validate_and_convert_types
    return validate_and_convert_types(body, (model,), ['body'], True, True, configuration=endpoint.api_client.configuration)


class Browser(urllib.request.HTTPRedirectHandler):
    """Follows redirects until one has the query parameter that is waited for."""

    def __init__(self):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(self, urllib.request.HTTPCookieProcessor(jar))

    def redirect_request(self, *_):
        return None

    def follow(self, url, name):
        for _ in range(10):
            found = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get(name)
            if found:
                return found[0]
            try:
                self.opener.open(url)
                raise RuntimeError('no redirect at ' + url)
            except urllib.error.HTTPError as answer:
                location = answer.headers.get('location')
                if location is None:
                    raise RuntimeError('%d at %s' % (answer.code, url))
                url = urllib.parse.urljoin(url, location)
        raise RuntimeError('too many redirects')


def raw(method, path, body=None, authorization='Bearer ' + KEY, form=None):
    """A call without the SDK, for what an operation needs before it can be made."""
    data = urllib.parse.urlencode(form).encode() if form else json.dumps(body).encode() if body is not None else None
    headers = {'Authorization': authorization}
    if body is not None:
        headers['Content-Type'] = 'application/json'
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def basic(client):
    return 'Basic ' + base64.b64encode((client['client_id'] + ':' + client['client_secret']).encode()).decode()


def new_client(**more):
    return raw('POST', '/admin/clients', {
        'redirect_uris': [REDIRECT], 'response_types': ['code'], 'scope': 'openid offline_access',
        'grant_types': ['authorization_code', 'refresh_token', 'client_credentials',
                        'urn:ietf:params:oauth:grant-type:device_code'], **more})


def authorization_url(client):
    return BASE + '/oauth2/auth?' + urllib.parse.urlencode({
        'client_id': client['client_id'], 'redirect_uri': REDIRECT, 'response_type': 'code',
        'scope': 'openid offline_access', 'state': uuid.uuid4().hex})


def login_challenge(browser=None):
    return (browser or Browser()).follow(authorization_url(new_client()), 'login_challenge')


def consent_challenge(browser, client, subject=SUBJECT):
    challenge = browser.follow(authorization_url(client), 'login_challenge')
    path = '/admin/oauth2/auth/requests/login/accept?login_challenge=' + challenge
    to = raw('PUT', path, {'subject': subject, 'remember': True})['redirect_to']
    return browser.follow(to, 'consent_challenge')


def code(client, browser=None, subject=SUBJECT):
    browser = browser or Browser()
    path = '/admin/oauth2/auth/requests/consent/accept?consent_challenge=' + consent_challenge(browser, client, subject)
    to = raw('PUT', path, {'grant_scope': ['openid', 'offline_access'], 'remember': True})['redirect_to']
    return browser.follow(to, 'code')


def tokens(client):
    form = {'grant_type': 'authorization_code', 'code': code(client), 'redirect_uri': REDIRECT}
    return raw('POST', '/oauth2/token', form=form, authorization=basic(client))


def logout_challenge():
    browser = Browser()
    code(new_client(), browser)
    return browser.follow(BASE + '/oauth2/sessions/logout', 'logout_challenge')


def get(value, name):
    """A member of an answer, whatever the release wraps it in."""
    return value[name] if isinstance(value, dict) else getattr(value, name)


def listed(value):
    return getattr(value, 'value', value)


# An SDK of before 1.9 writes a header of its own at introspection: its key has to be the access token.
admin = sdk('Bearer ' + KEY, access_token=KEY if SETTERS else None)
nobody = sdk()


def as_client(client):
    return sdk(username=client['client_id'], password=client['client_secret'])


def discover():
    assert get(call(nobody, ['discover_oidc_configuration', 'discover_open_id_configuration']), 'issuer') == BASE


def jwks():
    answer = call(nobody, ['discover_json_web_keys', 'well_known'])
    assert V2 or answer is not None


def alive():
    call(nobody, ['is_alive', 'is_instance_alive'])


def ready():
    call(nobody, ['is_ready', 'is_instance_ready'])


def version():
    assert get(call(admin, 'get_version'), 'version')


def client_create():
    made = call(admin, 'create_o_auth2_client', {'client_name': 'x', 'redirect_uris': [REDIRECT]})
    assert get(made, 'client_secret')


def client_create_little():
    assert get(call(admin, 'create_o_auth2_client', {}), 'client_id')


def client_get():
    made = new_client()
    assert get(call(admin, 'get_o_auth2_client', id=made['client_id']), 'client_id') == made['client_id']


def client_list():
    assert len(listed(call(admin, 'list_o_auth2_clients'))) > 1


def client_set():
    made = new_client()
    body = {'client_id': made['client_id'], 'client_name': 'y', 'redirect_uris': [REDIRECT]}
    assert get(call(admin, ['set_o_auth2_client', 'update_o_auth2_client'], body, id=made['client_id']), 'client_name') == 'y'


def client_read_and_set():
    made = new_client()
    read = call(admin, 'get_o_auth2_client', id=made['client_id'])
    if not CHECKED:
        assert call(admin, ['set_o_auth2_client', 'update_o_auth2_client'], read, id=made['client_id'])
        return
    for api in admin:
        name = 'set_o_auth2_client' if V2 else 'update_o_auth2_client'
        if hasattr(api, name):
            getattr(api, name)(**{'id': made['client_id'], body_name(api, name): read})


def client_patch():
    patch = [{'op': 'replace', 'path': '/client_name', 'value': 'z'}]
    assert get(call(admin, 'patch_o_auth2_client', patch, id=new_client()['client_id']), 'client_name') == 'z'


def client_lifespans():
    body = {'refresh_token_grant_access_token_lifespan': '1h'}
    call(admin, 'set_o_auth2_client_lifespans', body, id=new_client()['client_id'])


def client_delete():
    call(admin, 'delete_o_auth2_client', id=new_client()['client_id'])


def client_tokens_delete():
    call(admin, 'delete_o_auth2_token', client_id=new_client()['client_id'])


def login_get():
    read = call(admin, ['get_o_auth2_login_request', 'get_login_request'], login_challenge=login_challenge())
    assert get(read, 'skip') is False


def login_accept():
    body = {'subject': SUBJECT, 'remember': True, 'context': {'a': 1}}
    done = call(admin, ['accept_o_auth2_login_request', 'accept_login_request'], body, login_challenge=login_challenge())
    assert 'login_verifier' in get(done, 'redirect_to')


def login_reject():
    body = {'error': 'access_denied'}
    call(admin, ['reject_o_auth2_login_request', 'reject_login_request'], body, login_challenge=login_challenge())


def consent_get():
    challenge = consent_challenge(Browser(), new_client())
    read = call(admin, ['get_o_auth2_consent_request', 'get_consent_request'], consent_challenge=challenge)
    assert get(read, 'subject') == SUBJECT


def consent_accept():
    challenge = consent_challenge(Browser(), new_client())
    body = {'grant_scope': ['openid'], 'session': {'id_token': {'email': SUBJECT}}, 'remember': True}
    done = call(admin, ['accept_o_auth2_consent_request', 'accept_consent_request'], body, consent_challenge=challenge)
    assert 'consent_verifier' in get(done, 'redirect_to')


def consent_reject():
    challenge = consent_challenge(Browser(), new_client())
    body = {'error': 'access_denied'}
    call(admin, ['reject_o_auth2_consent_request', 'reject_consent_request'], body, consent_challenge=challenge)


def logout_get():
    read = call(admin, ['get_o_auth2_logout_request', 'get_logout_request'], logout_challenge=logout_challenge())
    assert get(read, 'subject') == SUBJECT


def logout_accept():
    call(admin, ['accept_o_auth2_logout_request', 'accept_logout_request'], logout_challenge=logout_challenge())


def logout_reject():
    call(admin, ['reject_o_auth2_logout_request', 'reject_logout_request'], logout_challenge=logout_challenge())


def consents_list():
    code(new_client())
    read = call(admin, ['list_o_auth2_consent_sessions', 'list_subject_consent_sessions'], subject=SUBJECT)
    assert len(listed(read)) > 0


def consents_revoke_of_client():
    client = new_client()
    code(client, subject='a@b')
    names = ['revoke_o_auth2_consent_sessions', 'revoke_consent_sessions']
    call(admin, names, subject='a@b', client=client['client_id'])


def consents_revoke_all():
    code(new_client(), subject='c@d')
    call(admin, ['revoke_o_auth2_consent_sessions', 'revoke_consent_sessions'], subject='c@d',
         **({'all': True} if GENERATION >= (1, 8) else {}))


def sessions_revoke():
    call(admin, ['revoke_o_auth2_login_sessions', 'revoke_authentication_session'], subject='e@f')


def introspect():
    access = tokens(new_client())['access_token']
    assert get(call(admin, 'introspect_o_auth2_token', token=access), 'active') is True


def introspect_unknown():
    assert get(call(admin, 'introspect_o_auth2_token', token='x'), 'active') is False


def flush():
    call(admin, 'flush_inactive_o_auth2_tokens', {'notAfter': '2026-01-01T00:00:00Z'})


def key_set():
    return raw('POST', '/admin/keys/' + uuid.uuid4().hex, {'alg': 'ES256', 'use': 'sig', 'kid': 'one'})['keys'][0]


def keys_create():
    body = {'alg': 'RS256', 'use': 'sig', 'kid': 'one'}
    assert call(admin, 'create_json_web_key_set', body, set=uuid.uuid4().hex)


def with_set(action):
    name = uuid.uuid4().hex
    made = raw('POST', '/admin/keys/' + name, {'alg': 'ES256', 'use': 'sig', 'kid': 'one'})['keys'][0]
    return action(name, made)


def keys_get():
    with_set(lambda name, _: call(admin, 'get_json_web_key_set', set=name))


def key_get():
    with_set(lambda name, _: call(admin, 'get_json_web_key', set=name, kid='one'))


def keys_set():
    names = ['set_json_web_key_set', 'update_json_web_key_set']
    with_set(lambda name, made: call(admin, names, {'keys': [made]}, set=name))


def key_set_one():
    names = ['set_json_web_key', 'update_json_web_key']
    with_set(lambda name, made: call(admin, names, made, set=name, kid='one'))


def key_delete():
    with_set(lambda name, _: call(admin, 'delete_json_web_key', set=name, kid='one'))


def keys_delete():
    with_set(lambda name, _: call(admin, 'delete_json_web_key_set', set=name))


def issuer_body():
    made = key_set()
    public = {key: made[key] for key in ('kty', 'crv', 'x', 'y', 'alg', 'use', 'kid')}
    return {'issuer': 'https://%s.example' % uuid.uuid4().hex, 'subject': 'a@b', 'scope': ['openid'],
            'jwk': public, 'expires_at': '2030-01-01T00:00:00Z'}


def trust_create():
    names = ['trust_o_auth2_jwt_grant_issuer', 'trust_jwt_grant_issuer']
    assert get(call(admin, names, issuer_body()), 'id')


ISSUERS = '/admin/trust/grants/jwt-bearer/issuers'


def trust_get():
    made = raw('POST', ISSUERS, issuer_body())
    call(admin, ['get_trusted_o_auth2_jwt_grant_issuer', 'get_trusted_jwt_grant_issuer'], id=made['id'])


def trust_list():
    raw('POST', ISSUERS, issuer_body())
    names = ['list_trusted_o_auth2_jwt_grant_issuers', 'list_trusted_jwt_grant_issuers']
    assert len(listed(call(admin, names))) > 0


def trust_delete():
    made = raw('POST', ISSUERS, issuer_body())
    call(admin, ['delete_trusted_o_auth2_jwt_grant_issuer', 'delete_trusted_jwt_grant_issuer'], id=made['id'])


def token():
    client = new_client()
    arguments = {'grant_type': 'authorization_code', 'code': code(client), 'redirect_uri': REDIRECT}
    done = call(as_client(client), ['oauth2_token_exchange', 'oauth2_token'], **arguments)
    assert get(done, 'access_token')


def token_refresh():
    client = new_client()
    arguments = {'grant_type': 'refresh_token', 'refresh_token': tokens(client)['refresh_token']}
    assert get(call(as_client(client), ['oauth2_token_exchange', 'oauth2_token'], **arguments), 'access_token')


def token_own():
    client = new_client()
    names = ['oauth2_token_exchange', 'oauth2_token']
    assert get(call(as_client(client), names, grant_type='client_credentials'), 'access_token')


def revoke():
    client = new_client()
    call(as_client(client), 'revoke_o_auth2_token', token=tokens(client)['access_token'])


def revoke_with_both():
    if GENERATION < (2, 1):
        raise Missing()
    client = new_client()
    call(as_client(client), 'revoke_o_auth2_token', token=tokens(client)['access_token'],
         client_id=client['client_id'], client_secret=client['client_secret'])


def userinfo():
    access = tokens(new_client())['access_token']
    apis = sdk('Bearer ' + access, access_token=access)
    assert get(call(apis, ['get_oidc_user_info', 'userinfo']), 'sub') == SUBJECT


def register():
    names = ['create_oidc_dynamic_client', 'dynamic_client_registration_create_o_auth2_client']
    assert get(call(nobody, names, {'redirect_uris': [REDIRECT]}), 'client_id')


def registered(names, *body):
    made = raw('POST', '/oauth2/register', {'redirect_uris': [REDIRECT]})
    mine = made['registration_access_token']
    return call(sdk('Bearer ' + mine, access_token=mine), names, *body, id=made['client_id'])


def registration_get():
    registered(['get_oidc_dynamic_client', 'dynamic_client_registration_get_o_auth2_client'])


def registration_set():
    names = ['set_oidc_dynamic_client', 'dynamic_client_registration_update_o_auth2_client']
    registered(names, {'redirect_uris': [REDIRECT], 'client_name': 'x'})


def registration_delete():
    registered(['delete_oidc_dynamic_client', 'dynamic_client_registration_delete_o_auth2_client'])


def device_accept():
    client = new_client()
    form = {'client_id': client['client_id'], 'scope': 'openid'}
    asked = raw('POST', '/oauth2/device/auth', form=form, authorization=basic(client))
    challenge = Browser().follow(asked['verification_uri'], 'device_challenge')
    body = {'user_code': asked['user_code']}
    assert get(call(admin, 'accept_user_code_request', body, device_challenge=challenge), 'redirect_to')


OPERATIONS = [
    discover, jwks, alive, ready, version, client_create, client_create_little, client_get, client_list, client_set,
    client_read_and_set, client_patch, client_lifespans, client_delete, client_tokens_delete, login_get, login_accept,
    login_reject, consent_get, consent_accept, consent_reject, logout_get, logout_accept, logout_reject, consents_list,
    consents_revoke_of_client, consents_revoke_all, sessions_revoke, introspect, introspect_unknown, flush, keys_create,
    keys_get, key_get, keys_set, key_set_one, key_delete, keys_delete, trust_create, trust_get, trust_list,
    trust_delete, token, token_refresh, token_own, revoke, revoke_with_both, userinfo, register, registration_get,
    registration_set, registration_delete, device_accept,
]

works, fails = [], {}
for operation in OPERATIONS:
    try:
        operation()
        works.append(operation.__name__)
    except Missing:
        pass
    except Exception as error:  # what an SDK throws is what is asked about
        detail = getattr(error, 'body', None) or str(error)
        fails[operation.__name__] = type(error).__name__ + ': ' + ' '.join(str(detail).split())[:240]

print(json.dumps({
    'software': 'ory-hydra-client (Python)', 'version': VERSION + (' discard_unknown_keys' if DISCARD else ''),
    'runtime': 'Python ' + platform.python_version(), 'works': works, 'fails': fails,
}))
