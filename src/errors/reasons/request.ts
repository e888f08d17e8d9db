import { reasonsOf } from './reason.ts'

/** Why the form of a request is refused: its parameters, its body, its path or its host. */
export const requestReasons = () =>
  reasonsOf({
    parameter_missing: ["Parameter '{parameter}' is missing.", 'Send {expected}.'],
    parameter_repeated: ["Parameter '{parameter}' is given with different values.", 'Send it once.'],
    parameter_malformed: ["Parameter '{parameter}' must be {expected}.", 'Correct its value.'],
    parameters_conflict: ["Parameters '{parameter}' and '{other}' do not go together.", 'Send one of them.'],
    request_too_long: ['The request is longer than {limit}.', 'Send less, or send it by POST.'],
    too_many_parameters: ['The request has more than {limit} parameters.', 'Send fewer.'],
    body_empty: [
      "The body is empty, and parameter '{parameter}' is missing.",
      'Send the parameters in the body of a POST, as a form: {expected}.',
    ],
    body_too_large: ['The body is larger than {limit} bytes.', 'Send less.'],
    body_malformed: ['The body must be {expected}.', 'Correct the body and its Content-Type.'],
    json_malformed: [
      'The body is not valid JSON: {problem}.',
      'Correct it there; the reference of the API lists what a body may have.',
    ],
    too_many_fields: ['The body has more than {limit} members.', 'Send fewer.'],
    field_missing: ["Field '{field}' is missing.", 'Send {expected}.'],
    field_malformed: ["Field '{field}' must be {expected}.", 'Correct its value.'],
    fields_conflict: ["Fields '{field}' and '{other}' do not go together.", 'Send one of them.'],
    field_reserved: [
      "Field '{field}' cannot be set here.",
      'Leave it out, or ask an administrator to set it.',
    ],
    patch_unusable: ['Operation {index} {problem}.', 'Correct the JSON Patch (RFC 6902).'],
    method_unknown: ['This path takes {methods}, and not {method}.', 'Use one of these methods.'],
    path_unknown: ['No endpoint has this path.', 'See the list of endpoints in the documentation.'],
    path_near: ['No endpoint has this path.', 'Did you mean {near}?'],
    flooded: [
      "Too many requests of class '{limit}' came from this network.",
      'Wait {seconds} seconds. The operator finds the limit in wrangler.toml, and switches it off with LIMITS_OFF.',
    ],
    plain_http: [
      'The request came over plain http.',
      'Send it over https, and replace any secret or token in it: it crossed the network in the clear.',
    ],
    host_foreign: [
      'The server does not answer for the host of the request.',
      'Call it by its issuer, or list the host in PUBLIC_HOSTS.',
      'operator',
    ],
  })
