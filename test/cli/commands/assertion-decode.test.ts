// The command `assertion --decode` on what is no good assertion: each fault by its name.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';

const assertion = (args: string[]) => runCommand(['assertion', ...args]);

describe('paynet-client-auth assertion --decode', () => {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'PS256', kid: 'k1' };
  const claims = {
    iss: 'client',
    sub: 'client',
    aud: 'https://as.example.my/token',
    iat: now,
    exp: now + 600,
    jti: '3f1b6c1e-8f0a-4c7b-9a55-0d9b2b8f6e11',
  };
  const encode = (part: unknown) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
  const signature = Buffer.alloc(256, 7).toString('base64url');
  const jws = (change: { header?: object; claims?: object; signature?: string } = {}) =>
    [
      encode({ ...header, ...change.header }),
      encode({ ...claims, ...change.claims }),
      change.signature ?? signature,
    ].join('.');

  it('calls one well formed that has no fault', async () => {
    const { code, stdout } = await assertion(['--decode', jws()]);
    assert.equal(code, 0, stdout);
  });

  it('takes typ and a past nbf, which servers take too, and says which typ is that of RFC 10070', async () => {
    const decode = (typ: string) => assertion(['--decode', jws({ header: { typ }, claims: { nbf: now } })]);
    const [other, right] = [await decode('JWT'), await decode('client-authentication+jwt')];
    assert.deepEqual([other.code, right.code], [0, 0], other.stdout + right.stdout);
    assert.match(other.stdout, /\nwell formed\nnote: "typ" is not client-authentication\+jwt, .*\n$/);
    assert.match(
      right.stdout,
      /\nwell formed\nnote: "typ" is the one of RFC 10070\. .* unset client_assertion_typ\.\n$/,
    );
  });

  const faulty: [string, string, RegExp][] = [
    ['no iss', jws({ claims: { iss: undefined } }), /"iss" must be the client_id, got nothing/],
    ['an empty iss', jws({ claims: { iss: '', sub: '' } }), /"iss" must be the client_id, got ""/],
    ['another sub', jws({ claims: { sub: 'other' } }), /"sub" must be equal to "iss", got "other"/],
    ['no sub', jws({ claims: { sub: undefined } }), /"sub" must be equal to "iss", got nothing/],
    ['RS256', jws({ header: { alg: 'RS256' } }), /"alg" must be PS256, got "RS256"/],
    ['alg none', jws({ header: { alg: 'none' }, signature: '' }), /"alg" must be PS256, got "none"/],
    ['no alg', jws({ header: { alg: undefined } }), /"alg" must be PS256, got nothing/],
    ['no kid', jws({ header: { kid: undefined } }), /"kid" must be the key ID in the registered JWKS, got nothing/],
    ['an empty kid', jws({ header: { kid: '' } }), /"kid" must be the key ID in the registered JWKS, got ""/],
    ['no signature', jws({ signature: '' }), /The signature is missing, or not base64url/],
    [
      'the signature of a key of 1024 bits',
      jws({ signature: Buffer.alloc(128, 7).toString('base64url') }),
      /A signature of PS256 has 256 bytes or more, this has 128/,
    ],
    ['an array as aud', jws({ claims: { aud: [claims.aud] } }), /"aud" must be one string \(FAPI 2\.0\), got an array/],
    ['no aud', jws({ claims: { aud: undefined } }), /"aud" must be one string \(FAPI 2\.0\), got nothing/],
    ['no jti', jws({ claims: { jti: undefined } }), /"jti" must be a UUIDv4, got nothing/],
    ['a jti that is no UUID', jws({ claims: { jti: '1' } }), /"jti" must be a UUIDv4, got other text/],
    [
      'a UUID of version 1 as jti',
      jws({ claims: { jti: '3f1b6c1e-8f0a-1c7b-9a55-0d9b2b8f6e11' } }),
      /"jti" must be a UUIDv4, got other text/,
    ],
    [
      'an iat with a fraction',
      jws({ claims: { iat: now + 0.5 } }),
      /"iat" must be whole seconds since 1970, got \d+\.5/,
    ],
    ['no iat', jws({ claims: { iat: undefined } }), /"iat" must be whole seconds since 1970, got nothing/],
    [
      'an exp as text',
      jws({ claims: { exp: String(now + 600) } }),
      /"exp" must be whole seconds since 1970, got "\d+"/,
    ],
    [
      'milliseconds',
      jws({ claims: { iat: now * 1000, exp: (now + 600) * 1000 } }),
      /"iat" is in milliseconds; it must be in seconds/,
    ],
    [
      'a lifetime of 601 seconds',
      jws({ claims: { exp: now + 601 } }),
      /"exp" must be 1 to 600 seconds after "iat", got 601/,
    ],
    ['a lifetime of 0 seconds', jws({ claims: { iat: now + 9, exp: now + 9 } }), /"exp" must be 1 to 600 .*, got 0/],
    ['an exp that is past', jws({ claims: { iat: now - 900, exp: now - 300 } }), /It expired 3\d\d seconds ago/],
    [
      'an iat far in the future',
      jws({ claims: { iat: now + 300, exp: now + 600 } }),
      /It was made [23]\d\d seconds in the future/,
    ],
    ...['crit', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'b64', 'cty', 'zip'].map(
      (name): [string, string, RegExp] => [
        `${name} in its header`,
        jws({ header: { [name]: name === 'b64' ? false : 'x' } }),
        new RegExp(`"${name}" must not be in the header, which has only "alg" and "kid"`),
      ],
    ),
    ['a typ that is no text', jws({ header: { typ: 1 } }), /"typ" must be text or missing, got 1/],
    [
      'an nbf that is ahead',
      jws({ claims: { nbf: now + 500 } }),
      /It is not valid before (4\d\d|500) seconds from now/,
    ],
    ['an nbf as text', jws({ claims: { nbf: String(now) } }), /"nbf" must be whole seconds since 1970, got "\d+"/],
    ['an nbf in milliseconds', jws({ claims: { nbf: now * 1000 } }), /"nbf" is in milliseconds/],
    ['whitespace as aud', jws({ claims: { aud: ' ' } }), /"aud" must be one string \(FAPI 2\.0\), got " "/],
    ['whitespace as kid', jws({ header: { kid: ' ' } }), /"kid" must be .*, got " "/],
    ['whitespace behind iss', jws({ claims: { iss: 'c ', sub: 'c ' } }), /"iss" must be the client_id, got "c "/],
    [
      'alg twice',
      `${encode('{"alg":"none","kid":"k","\\u0061lg":"PS256"}')}.${encode(claims)}.${signature}`,
      /"alg" is in the header more than once/,
    ],
    [
      'aud twice',
      `${encode(header)}.${encode(JSON.stringify(claims).replace('{', ' {"aud":"x",'))}.${signature}`,
      /"aud" is in the claims more than once/,
    ],
    [
      'a kid that is not UTF-8',
      `${Buffer.from('{"alg":"PS256","kid":"k\xff"}', 'latin1').toString('base64url')}.${encode(claims)}.${signature}`,
      /The header is not UTF-8/,
    ],
    [
      'an iss that is not UTF-8',
      `${encode(header)}.${Buffer.from(JSON.stringify({ ...claims, iss: '\xfc', sub: '\xfc' }), 'latin1').toString('base64url')}.${signature}`,
      /The claims are not UTF-8/,
    ],
    ['two parts', jws().replace(/\.[^.]*$/, ''), /three parts with dots between them, this has 2/],
    ['four parts', `${jws()}.e30`, /three parts with dots between them, this has 4/],
    ['nothing', '', /three parts with dots between them, this has 1/],
    [
      'padding',
      `${encode({ ...header, kid: 'k' })}==.${jws().split('.').slice(1).join('.')}`,
      /The header is not a JSON object/,
    ],
    ['whitespace in a part', jws().replace('.', '.\n'), /The claims are not a JSON object in base64url/],
    [
      'a signature in plain Base64',
      jws({ signature: `+/${signature.slice(2)}` }),
      /The signature is missing, or not base64url/,
    ],
    [
      'a header that is not JSON',
      `${encode('nothing')}.${encode(claims)}.${signature}`,
      /The header is not a JSON object/,
    ],
    ['claims that are an array', `${encode(header)}.${encode([1])}.${signature}`, /The claims are not a JSON object/],
  ];
  for (const [title, jwt, says] of faulty) {
    it(`calls one with ${title} not well formed, says why, and exits with 1`, async () => {
      const { code, stdout, stderr } = await assertion(['--decode', jwt]);
      assert.equal(code, 1);
      const verdict = stdout.split('\nnot well formed\n')[1] ?? '';
      assert.match(verdict, says, stdout);
      assert.equal(stderr, 'error: the assertion is not well formed.\n');
    });
  }

  it('names every fault of one that has many', async () => {
    const { stdout } = await assertion([
      '--decode',
      jws({ header: { alg: 'RS256', kid: '' }, claims: { aud: [], jti: 'x', sub: 'other', exp: now + 900 } }),
    ]);
    const [, verdict = ''] = stdout.split('\nnot well formed\n');
    assert.equal(verdict.trimEnd().split('\n').length, 6, verdict);
  });

  it('shows nothing that could forge a line of the terminal', async () => {
    const { stdout } = await assertion(['--decode', jws({ claims: { iss: 'a\nwell formed\u001b[2J', 'x\ny': 1 } })]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to look for
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|^well formed|^y/m);
  });
});
