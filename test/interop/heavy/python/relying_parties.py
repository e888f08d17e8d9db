"""Logs in at a running Ladon, and checks and ends tokens, with Python's client libraries.

usage: python relying_parties.py BASE ADMIN_KEY
Needs Authlib, requests-oauthlib, PyJWT, cryptography and mcp. Prints one JSON record for each; see ../README.md.
"""
import base64
import importlib.metadata
import json
import os
import platform
import sys
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, RSAKey
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, OAuthToken
from requests_oauthlib import OAuth2Session as OauthlibSession

os.environ['OAUTHLIB_INSECURE_TRANSPORT'] = '1'  # the issuer is on loopback
BASE, KEY = sys.argv[1:3]
REDIRECT = 'http://127.0.0.1:9000/cb'
SUBJECT = 'foo@bar.com'
TOKEN = BASE + '/oauth2/token'
ADMIN = {'Authorization': 'Bearer ' + KEY}


def client(**more):
    body = {'redirect_uris': [REDIRECT], 'response_types': ['code'], 'scope': 'openid offline_access',
            'grant_types': ['authorization_code', 'refresh_token', 'client_credentials'], **more}
    answer = requests.post(BASE + '/admin/clients', json=body, headers=ADMIN)
    answer.raise_for_status()
    return answer.json()


def follow(browser, url, name):
    for _ in range(10):
        found = parse_qs(urlsplit(url).query).get(name)
        if found:
            return found[0], url
        answer = browser.get(url, allow_redirects=False)
        url = urljoin(url, answer.headers['location'])
    raise RuntimeError('too many redirects')


def accept(kind, challenge, body):
    url = '%s/admin/oauth2/auth/requests/%s/accept?%s_challenge=%s' % (BASE, kind, kind, challenge)
    answer = requests.put(url, json=body, headers=ADMIN)
    answer.raise_for_status()
    return answer.json()['redirect_to']


def log_in(url):
    """What the browser and the login and consent app do; gives the address at which the client gets its answer."""
    browser = requests.Session()
    challenge, _ = follow(browser, url, 'login_challenge')
    challenge, _ = follow(browser, accept('login', challenge, {'subject': SUBJECT}), 'consent_challenge')
    grant = {'grant_scope': ['openid', 'offline_access']}
    return follow(browser, accept('consent', challenge, grant), 'code')[1]


def authlib_code(made, **options):
    session = OAuth2Session(made['client_id'], made.get('client_secret'), scope='openid offline_access',
                            redirect_uri=REDIRECT, code_challenge_method='S256', **options)
    verifier = 'v' * 50
    url, _ = session.create_authorization_url(BASE + '/oauth2/auth', code_verifier=verifier)
    token = session.fetch_token(TOKEN, authorization_response=log_in(url), code_verifier=verifier)
    assert token['id_token']
    assert session.get(BASE + '/userinfo').json()['sub'] == SUBJECT
    return session, token


def authlib_basic():
    session, token = authlib_code(client())
    session.refresh_token(TOKEN, refresh_token=token['refresh_token'])
    read = session.introspect_token(BASE + '/oauth2/introspect', token=session.token['access_token'])
    assert read.json()['active'] is True
    assert session.revoke_token(BASE + '/oauth2/revoke', token=session.token['access_token']).status_code == 200


def authlib_post():
    method = 'client_secret_post'
    authlib_code(client(token_endpoint_auth_method=method), token_endpoint_auth_method=method)


def authlib_public():
    authlib_code(client(token_endpoint_auth_method='none'), token_endpoint_auth_method='none')


def authlib_key(kind, size, algorithm):
    key = kind.generate_key(size)
    made = client(token_endpoint_auth_method='private_key_jwt', token_endpoint_auth_signing_alg=algorithm,
                  jwks={'keys': [key.as_dict(private=False)]})
    session = OAuth2Session(made['client_id'], key, scope='openid', token_endpoint_auth_method='private_key_jwt')
    session.register_client_auth_method(PrivateKeyJWT(TOKEN, alg=algorithm))
    assert session.fetch_token(TOKEN, grant_type='client_credentials')['access_token']


def oauthlib_code(method='client_secret_basic', both=False, **options):
    made = client(token_endpoint_auth_method=method)
    if both:
        options['auth'] = (made['client_id'], made['client_secret'])
    session = OauthlibSession(made['client_id'], redirect_uri=REDIRECT, scope=['openid', 'offline_access'])
    url, _ = session.authorization_url(BASE + '/oauth2/auth')
    session.fetch_token(TOKEN, authorization_response=log_in(url), client_secret=made['client_secret'], **options)
    assert session.get(BASE + '/userinfo').json()['sub'] == SUBJECT


def pyjwt_keys():
    made = client(access_token_strategy='jwt', grant_types=['client_credentials'])
    credentials = base64.b64encode((made['client_id'] + ':' + made['client_secret']).encode()).decode()
    answer = requests.post(TOKEN, {'grant_type': 'client_credentials'}, headers={'Authorization': 'Basic ' + credentials})
    token = answer.json()['access_token']
    key = jwt.PyJWKClient(BASE + '/.well-known/jwks.json').get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, algorithms=['RS256'], issuer=BASE, options={'verify_aud': False})
    assert claims['client_id'] == made['client_id']


def mcp_models():
    OAuthMetadata.model_validate(requests.get(BASE + '/.well-known/oauth-authorization-server').json())
    body = {'client_name': 'x', 'redirect_uris': [REDIRECT], 'grant_types': ['authorization_code', 'refresh_token'],
            'response_types': ['code'], 'token_endpoint_auth_method': 'none'}
    made = requests.post(BASE + '/oauth2/register', json=body).json()
    OAuthClientInformationFull.model_validate(made)
    _, token = authlib_code(made, token_endpoint_auth_method='none')
    OAuthToken.model_validate(dict(token))


LIBRARIES = [
    ('Authlib', {
        'code with PKCE, userinfo, refresh, introspection, revocation': authlib_basic,
        'client_secret_post': authlib_post,
        'a public client': authlib_public,
        'private_key_jwt RS256, its key as exported': lambda: authlib_key(RSAKey, 2048, 'RS256'),
        'private_key_jwt ES256, its key as exported': lambda: authlib_key(ECKey, 'P-256', 'ES256'),
        'private_key_jwt PS256, its key as exported': lambda: authlib_key(RSAKey, 2048, 'PS256'),
    }),
    ('requests-oauthlib', {
        'code, userinfo': oauthlib_code,
        'secret in the body (include_client_id), of a client of client_secret_post': lambda: oauthlib_code(
            'client_secret_post', include_client_id=True),
        'Basic, and the same secret in the body': lambda: oauthlib_code(both=True, include_client_id=True),
    }),
    ('PyJWT', {'JWT access token by PyJWKClient': pyjwt_keys}),
    ('mcp', {'metadata, registration, tokens': mcp_models}),
]

for library, steps in LIBRARIES:
    works, fails = [], {}
    for name, step in steps.items():
        try:
            step()
            works.append(name)
        except Exception as error:  # what a library throws is what is asked about
            fails[name] = type(error).__name__ + ': ' + ' '.join(str(error).split())[:240]
    print(json.dumps({
        'software': library + ' (Python)', 'version': importlib.metadata.version(library.lower()),
        'runtime': 'Python ' + platform.python_version(), 'works': works, 'fails': fails,
    }))
