"""Reads the corpus with the typed models of one release of ory-hydra-client, and says what its models ask for.

usage: python models.py VERSION CORPUS.json
The release is on PYTHONPATH, its dependencies in the interpreter. Prints one JSON record; see ../README.md.
"""
import datetime
import importlib
import inspect
import json
import logging
import platform
import re
import sys

import ory_hydra_client
from ory_hydra_client.api_client import ApiClient

VERSION, CORPUS = sys.argv[1:3]
GENERATION = tuple(int(part) for part in VERSION.split('.')[:2])
V2 = GENERATION >= (2, 0)
SETTERS = GENERATION < (1, 9)
PYDANTIC = GENERATION >= (25, 0)

KINDS = {
    'client': 'OAuth2Client',
    'clients': '[OAuth2Client]',
    'consentRequest': 'OAuth2ConsentRequest',
    'consentSessions': '[OAuth2ConsentSession]',
    'deviceAuthorization': 'DeviceAuthorization',
    'discovery': 'OidcConfiguration',
    'error': 'ErrorOAuth2',
    'health': 'HealthStatus',
    'introspection': 'IntrospectedOAuth2Token',
    'jsonWebKey': 'JsonWebKey',
    'jsonWebKeySet': 'JsonWebKeySet',
    'loginRequest': 'OAuth2LoginRequest',
    'logoutRequest': 'OAuth2LogoutRequest',
    'redirectTo': 'OAuth2RedirectTo',
    'registration': 'OAuth2Client',
    'token': 'OAuth2TokenExchange',
    'trustedIssuer': 'TrustedOAuth2JwtGrantIssuer',
    'trustedIssuers': '[TrustedOAuth2JwtGrantIssuer]',
    'userinfo': 'OidcUserInfo',
    'version': 'Version',
} if V2 else {
    'client': 'OAuth2Client',
    'clients': '[OAuth2Client]',
    'consentRequest': 'ConsentRequest',
    'consentSessions': '[PreviousConsentSession]',
    'discovery': 'WellKnown',
    'error': 'JsonError' if GENERATION >= (1, 10) else 'GenericError',
    'health': 'HealthStatus',
    'introspection': 'OAuth2TokenIntrospection',
    'jsonWebKey': 'JSONWebKey',
    'jsonWebKeySet': 'JSONWebKeySet',
    'loginRequest': 'LoginRequest',
    'logoutRequest': 'LogoutRequest',
    'redirectTo': 'CompletedRequest',
    'registration': 'OAuth2Client' if GENERATION >= (1, 11) else 'None',
    'token': 'Oauth2TokenResponse',
    'trustedIssuer': 'TrustedJwtGrantIssuer',
    'trustedIssuers': '[TrustedJwtGrantIssuer]',
    'userinfo': 'UserinfoResponse',
    'version': 'Version',
}


def model(name):
    """The class of a model; None where this release has none."""
    if PYDANTIC:
        return getattr(ory_hydra_client.models, name, None)
    for package in ('ory_hydra_client.model', 'ory_hydra_client.models'):
        path = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name).lower()
        for file in (path, path.replace('oauth2', 'o_auth2'), 'json_' + path[5:], path.replace('jsonweb', 'json_web')):
            try:
                found = importlib.import_module(package + '.' + file)
            except (ModuleNotFoundError, SyntaxError):  # models/__init__.py of 1.9 and 1.10 is not valid Python 3.11
                continue
            wanted = name.lower()
            for key, value in vars(found).items():
                if key.lower() == wanted and inspect.isclass(value):
                    return value
    return None


MODELS = {}


def type_of_checked(types):
    """Releases 1.9 to 2.2: a tuple of classes, lists and dictionaries."""
    names = []
    for one in types:
        if isinstance(one, list):
            names.append('[' + type_of_checked(one[0] if isinstance(one[0], tuple) else tuple(one)) + ']')
        elif isinstance(one, dict):
            names.append('{' + type_of_checked(one[str]) + '}')
        elif hasattr(one, 'openapi_types'):
            names.append(describe(one))
        else:
            names.append({
                'str': 'str', 'int': 'int', 'float': 'num', 'bool': 'bool', 'datetime': 'time', 'date': 'date',
                'NoneType': 'null', 'dict': 'object', 'list': 'list',
            }[one.__name__])
    if {'str', 'int', 'num', 'bool', 'object', 'list'} <= set(names):
        return 'any'
    nullable = 'null' in names
    rest = [name for name in names if name != 'null']
    return '|'.join(rest) + ('?' if nullable else '')


def type_of_setter(name):
    """Releases before 1.9: text such as list[str]."""
    for pattern, form in ((r'list\[(.*)\]$', '[%s]'), (r'dict\(str, (.*)\)$', '{%s}')):
        match = re.match(pattern, name)
        if match:
            return form % type_of_setter(match.group(1))
    known = {'str': 'str', 'int': 'int', 'float': 'num', 'bool': 'bool', 'datetime': 'time', 'object': 'any'}
    return known[name] if name in known else describe(getattr(ory_hydra_client.models, name))


def type_of_schema(schema):
    """Releases of pydantic: its own JSON schema."""
    if 'anyOf' in schema:
        rest = [one for one in schema['anyOf'] if one.get('type') != 'null']
        inner = '|'.join(type_of_schema(one) for one in rest)
        return inner if inner == 'any' else inner + '?'
    if '$ref' in schema:
        return describe(model(schema['$ref'].split('/')[-1]))
    if schema.get('type') == 'array':
        return '[' + type_of_schema(schema['items']) + ']'
    if schema.get('type') == 'object':
        return '{' + type_of_schema(schema['additionalProperties']) + '}' if isinstance(
            schema.get('additionalProperties'), dict) else 'object'
    if schema.get('format') == 'date-time':
        return 'time'
    return {'string': 'str', 'integer': 'int', 'number': 'num', 'boolean': 'bool', None: 'any'}[schema.get('type')]


def pattern(cls, attribute):
    """The pattern that a release asks text of a member to match, as `~PATTERN`; nothing where there is none."""
    if PYDANTIC:
        found = re.search(r're\.match\(r"(.*)", value', inspect.getsource(cls)) if 'lifespan' in attribute else None
    elif SETTERS:
        setter = getattr(cls, attribute).fset
        found = re.search(r"re\.search\(r?'(.*)', ", inspect.getsource(setter))
    else:
        regex = cls.validations.get((attribute,), {}).get('regex', {}).get('pattern', '')
        return '~' + regex if regex else ''
    return '~' + found.group(1) if found else ''


def refuses_none(cls, attribute):
    instance = cls.__new__(cls)
    instance.local_vars_configuration = type('Configuration', (), {'client_side_validation': True})()
    try:
        setattr(instance, attribute, None)
    except ValueError:
        return True
    return False


def describe(cls):
    """Writes down a model once: `member!: type` where the member is required; `*` allows members of other names."""
    name = cls.__name__
    if name in MODELS:
        return name
    MODELS[name] = ''
    members = []
    other = True
    if PYDANTIC:
        schema = cls.model_json_schema()
        for key, value in schema['properties'].items():
            if key == 'additional_properties':
                continue
            required = '!' if key in schema.get('required', []) else ''
            members.append('%s%s %s%s' % (key, required, type_of_schema(value), pattern(cls, key)))
    elif SETTERS:
        for attribute, kind in cls.openapi_types.items():
            required = '!' if refuses_none(cls, attribute) else ''
            name_and_type = (cls.attribute_map[attribute], required, type_of_setter(kind), pattern(cls, attribute))
            members.append('%s%s %s%s' % name_and_type)
    else:
        maker = getattr(cls, '_from_openapi_data', cls.__init__)
        required = {
            p.name for p in inspect.signature(inspect.unwrap(maker)).parameters.values()
            if p.kind == p.POSITIONAL_OR_KEYWORD
        }
        if cls.__mro__[1].__name__ == 'ModelSimple':
            MODELS[name] = '= ' + type_of_checked(cls.openapi_types['value']) + ('?' if cls._nullable else '')
            return name
        for attribute, kind in cls.openapi_types.items():
            mark = '!' if attribute in required else ''
            name_and_type = (cls.attribute_map[attribute], mark, type_of_checked(kind), pattern(cls, attribute))
            members.append('%s%s %s%s' % name_and_type)
        other = cls.additional_properties_type is not None
    MODELS[name] = '; '.join(members + (['*'] if other else []))
    return name


class Response:
    def __init__(self, text):
        self.data = text


def read(text, cls, many):
    client = ApiClient()
    if PYDANTIC:
        client.deserialize(text, ('List[%s]' if many else '%s') % cls.__name__, 'application/json')
    elif SETTERS:
        client.deserialize(Response(text), ('list[%s]' if many else '%s') % cls.__name__)
    else:
        client.deserialize(Response(text), ([cls],) if many else (cls,), True)


def member(error):
    """The name of the member that an error is about; empty where it does not say."""
    if PYDANTIC and hasattr(error, 'errors'):
        location = [part for part in error.errors()[0]['loc'] if isinstance(part, str)]
        return location[-1] if location else ''
    path = getattr(error, 'path_to_item', None)
    named = re.search(r"Invalid value for `(\w+)`|No variable name or value '(\w+)'|has no attribute '(\w+)' at", str(error))
    missing = re.search(r"missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'", str(error))
    if named:
        return next(filter(None, named.groups()))
    if missing:
        return missing.group(1)
    names = [part for part in path or [] if isinstance(part, str) and part not in ('received_data', 'value')]
    return names[-1] if names else ''


logging.disable(logging.CRITICAL)
kinds = {}
classes = {}
for kind, name in KINDS.items():
    many = name.startswith('[')
    cls = model(name.strip('[]'))
    if cls is None:
        continue
    classes[kind] = (cls, many)
    kinds[kind] = ('[%s]' if many else '%s') % describe(cls)

accepted, refused, why = [], {}, {}
for document in json.load(open(CORPUS)):
    if document['kind'] not in classes:
        continue
    try:
        read(document['text'], *classes[document['kind']])
        accepted.append(document['name'])
    except Exception as error:
        refused[document['name']] = member(error)
        why[document['name']] = type(error).__name__ + ' ' + ' '.join(str(error).split())[:300]

print(json.dumps({
    'software': 'ory-hydra-client (Python)',
    'version': VERSION,
    'runtime': 'Python ' + platform.python_version(),
    'style': 'pydantic' if PYDANTIC else 'setters' if SETTERS else 'checked',
    'kinds': kinds,
    'models': MODELS,
    'accepted': accepted,
    'refused': refused,
    'why': why,
}))
