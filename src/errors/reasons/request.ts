import { reasonsOf } from './reason.ts'

/** Why the form of a request is refused: its parameters, its body or its host. */
export const requestReasons = () =>
  reasonsOf({
    parameter_missing: ["Parameter '{parameter}' is missing.", 'Send it.'],
    parameter_repeated: ["Parameter '{parameter}' is given with different values.", 'Send it once.'],
    parameter_malformed: ["Parameter '{parameter}' must be {expected}.", 'Correct its value.'],
    parameters_conflict: ["Parameters '{parameter}' and '{other}' do not go together.", 'Send one of them.'],
    request_too_long: ['The request is longer than {limit}.', 'Send less, or send it by POST.'],
    too_many_parameters: ['The request has more than {limit} parameters.', 'Send fewer.'],
    body_empty: ['The body is empty.', 'Send the parameters in the body of a POST.'],
    body_too_large: ['The body is larger than {limit} bytes.', 'Send less.'],
    body_malformed: ['The body must be {expected}.', 'Correct the body and its Content-Type.'],
    too_many_fields: ['The body has more than {limit} members.', 'Send fewer.'],
    field_missing: ["Field '{field}' is missing.", 'Send it.'],
    field_malformed: ["Field '{field}' must be {expected}.", 'Correct its value.'],
    fields_conflict: ["Fields '{field}' and '{other}' do not go together.", 'Send one of them.'],
    field_reserved: ["Field '{field}' cannot be set here.", 'Leave it out, or have an administrator set it.'],
    patch_unusable: ['Operation {index} {problem}.', 'Correct the JSON Patch (RFC 6902).'],
    method_unknown: ['The path takes {methods}, not this method.', 'Use one of them.'],
    flooded: [
      "Too many requests of class '{limit}' came: wait {seconds} seconds.",
      'Find out who sends them; raise the limit in wrangler.toml, or switch it off in LIMITS_OFF.',
    ],
    plain_http: [
      'The request came over plain http.',
      'Send it over https; a secret or token in it was sent in the clear, so renew that.',
    ],
    host_foreign: [
      'This server does not answer for the requested host.',
      'Use the issuer, or list the host in PUBLIC_HOSTS.',
      'operator',
    ],
  })
