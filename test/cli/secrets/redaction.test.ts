// Redaction: no 24 characters of a secret are left in any form that a reporter writes.

import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Redaction } from '../../../src/cli/secrets/redaction.ts';
import { importSigningKey } from '../../../src/client-auth/signing-key.ts';
import { createCredentials } from '../../../src/demo/certificates.ts';
import { createRsaKey, disguisesOf, toBase64url, toJwk, toPkcs8 } from '../../support/keys.ts';
import { holdsPartOf } from '../../support/readings.ts';

const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const jwk = toJwk(privateKey);
const token = randomBytes(32).toString('base64url');
const toPart = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const createAssertion = (jti = 'j') => {
  const claims = toPart({ iss: 'client', sub: 'client', jti, nonce: randomBytes(60).toString('hex') });
  return `${toPart({ alg: 'PS256', kid: 'k' })}.${claims}.${randomBytes(256).toString('base64url')}`;
};
const assertion = createAssertion();
const oddToken = `${randomBytes(30).toString('base64')}+/${randomBytes(30).toString('base64')}==`;

const named = (text: string) => ({ text, isPair: false });

const create = (): Redaction => {
  const redaction = new Redaction();
  redaction.addSigningKey(pem);
  redaction.learn(token, named('access_token'));
  redaction.learn(oddToken, named('refresh_token'));
  redaction.learn(assertion);
  return redaction;
};

/** The Base64 of a key from where its private numbers begin: what is before it is in the public key too. */
const secretBase64 = (() => {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const start = der.indexOf(Buffer.from(String(jwk.d), 'base64url'));
  return der
    .toString('base64')
    .replace(/=+$/, '')
    .slice(Math.ceil((start * 4) / 3));
})();

const toHtml = (text: string) =>
  text.replace(/[&<>"'`=/+]/g, letter => `&#x${letter.charCodeAt(0).toString(16).toUpperCase()};`);

const toLines = (text: string, end: string) => text.replace(/.{40}/g, line => line + end);

const FORMS: Record<string, (secret: string) => string> = {
  plain: secret => secret,
  'in JSON': secret => JSON.stringify({ a: [secret] }),
  'in JSON in JSON': secret => JSON.stringify(JSON.stringify({ a: secret })),
  'in JSON with escaped slashes': secret => JSON.stringify(secret).replace(/\//g, '\\/'),
  'in a URL': secret => `a=b&client_assertion=${encodeURIComponent(secret)}&c=d`,
  'in an encoded URL': secret => encodeURIComponent(`client_assertion=${secret}`),
  'in HTML': secret => `<td>${toHtml(secret)}</td>`,
  'in HTML with decimal entities': secret => secret.replace(/[+/=]/g, letter => `&#${letter.charCodeAt(0)};`),
  'in Base64': secret => Buffer.from(`{"x":"${secret}"}`).toString('base64'),
  'in Base64, one character later': secret => Buffer.from(`{"xy":"${secret}"}`).toString('base64'),
  'in Base64, two characters later': secret => Buffer.from(`{"xyz":"${secret}"}`).toString('base64'),
  'in Base64 in lines': secret => toLines(Buffer.from(`{"xyz":"${secret}"}`).toString('base64'), '\n'),
  'in Base64 in lines in JSON': secret => toLines(Buffer.from(secret).toString('base64'), '\\r\\n'),
  'in Base64 in a data URL': secret => `data:text/plain;base64,${Buffer.from(secret).toString('base64')}`,
  'glued to other characters': secret => `\\n${secret}`,
  'behind other characters': secret => `token_${secret}`,
  'cut at its end': secret => `${secret.slice(0, -9)}…`,
};

describe('Redaction', () => {
  const secrets = {
    'a token': token,
    'a token with + and /': oddToken,
    'an assertion': assertion,
    'a number of the key': String(jwk.d),
  };
  for (const [form, write] of Object.entries(FORMS)) {
    for (const [name, secret] of Object.entries(secrets)) {
      it(`takes out ${name} ${form}`, () => {
        const text = write(secret);
        const redacted = create().redact(text);
        assert.equal(holdsPartOf(redacted, [secret]), false, redacted.slice(0, 300));
      });
    }
    it(`takes out a PEM ${form}`, () => {
      const redacted = create().redact(write(pem));
      assert.equal(holdsPartOf(redacted, [secretBase64]), false, redacted.slice(0, 300));
    });
  }

  for (const [name, secret] of Object.entries({ ...secrets, 'the private part of a PEM': secretBase64 })) {
    it(`takes out 20 characters of ${name} from anywhere in it, and 20 in Base64, glued to other characters`, () => {
      const redaction = create();
      const pieces = Array.from({ length: secret.length - 19 }, (_, at) => secret.slice(at, at + 20));
      for (const write of [(piece: string) => `x${piece}x`, encodeURIComponent, toHtml]) {
        const redacted = redaction.redact(pieces.map(write).join(' '));
        assert.deepEqual(
          pieces.filter(piece => redacted.includes(piece)),
          [],
        );
      }
      const base64 = pieces.map(piece => Buffer.from(`characters before it, ${piece}`).toString('base64'));
      const decoded = redaction
        .redact(base64.join(' - '))
        .split(' - ')
        .map(text => Buffer.from(text, 'base64').toString());
      assert.deepEqual(
        pieces.filter((piece, at) => decoded[at]?.includes(piece)),
        [],
      );
    });
  }

  it('takes out the signing key in each form in which it is taken, known or not', async () => {
    const { authority } = await createCredentials();
    const { d, p, q } = toJwk(privateKey);
    const url = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_');
    const secret = [secretBase64, d, p, q].map(part => url(String(part)));
    const redactions = [create(), new Redaction()];
    for (const [form, text] of Object.entries(disguisesOf(privateKey, authority.cert))) {
      for (const redaction of redactions) {
        const redacted = redaction.redact(JSON.stringify({ a: [text] }));
        assert.match(redacted, /\[(?:signing_key|private_key|secret)\]/, form);
        const left = url(redacted.replace(/\\u0000|[\u200b\u2060]/g, ''));
        assert.equal(holdsPartOf(left, secret), false, `${form}: ${redacted}`);
      }
    }
  });

  it('takes out the key of a PEM for RSA-PSS, whatever it is restricted to, in each form', () => {
    for (const hash of [undefined, 'sha256', 'sha384']) {
      const pss = generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        ...(hash && { hashAlgorithm: hash }),
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }).privateKey;
      const redaction = new Redaction();
      redaction.addSigningKey(pss);
      const text = pss.replace(/-----.*-----|\n/g, '');
      // What is behind the modulus, glued to another character than in the key.
      const behind = text.slice(500);
      const other = text[499] === 'x' ? 'y' : 'x';
      assert.match(redaction.redact(`${other}${behind}`), /^[xy].{0,3}\[signing_key\]=*$/);
      if (hash === 'sha384') continue;
      const { d, p } = importSigningKey(pss).key;
      for (const number of [d, p]) assert.equal(redaction.redact(toBase64url(number)), '[signing_key]');
    }
  });

  it('says what was there', () => {
    const redacted = create().redact(`Authorization: Bearer ${token}\nclient_assertion=${assertion}`);
    assert.equal(redacted, 'Authorization: Bearer [access_token]\nclient_assertion=[client_assertion kid=k jti=j]');
  });

  it('takes out the pieces of what a console breaks into lines', () => {
    const broken = `│ a=b&client_assertion=${assertion.replace(/.{55}/g, '$&\n  │ ')}\n`;
    const redacted = create().redact(broken);
    assert.equal(holdsPartOf(redacted, [assertion]), false, redacted);
    assert.match(redacted, /^│ a=b&client_assertion=\[/);
  });

  it('leaves all other text as it is, and JSON as JSON', () => {
    const text = JSON.stringify({
      a: randomBytes(100).toString('base64'),
      b: pem.slice(0, 27),
      c: Buffer.from('text'),
      d: `x ${'y'.repeat(50)}`,
    });
    assert.equal(create().redact(text), text);
    const redacted = create().redact(JSON.stringify({ body: assertion, key: pem, jwk }));
    assert.doesNotThrow(() => JSON.parse(redacted));
  });

  it('leaves public keys, certificates and public JWKs as they are, also those of the signing key', async () => {
    const { authority } = await createCredentials();
    const other = createRsaKey().publicKey;
    const texts = [createPublicKey(privateKey), other].flatMap(key => {
      const der = key.export({ type: 'spki', format: 'der' }).toString('base64');
      const { kty, n, e } = key.export({ format: 'jwk' });
      const jwks = JSON.stringify({ keys: [{ kty, n, e, kid: 'key-1', use: 'sig' }] });
      return [key.export({ type: 'spki', format: 'pem' }).toString(), der, jwks, `{"public_key":"${der}"}`, String(n)];
    });
    const redaction = create();
    redaction.learn(JSON.stringify(jwk));
    redaction.learn(pem);
    for (const text of [...texts, authority.cert]) assert.equal(redaction.redact(text), text);
  });

  it('leaves JSON whole where a secret has the character of a line break in the place of the line break', () => {
    const [first, second] = [`${randomBytes(30).toString('hex')}n`, randomBytes(30).toString('hex')];
    const redaction = new Redaction();
    for (const secret of [first, second]) redaction.learn(secret, named('client_secret'));
    for (const line of ['\n', 'n\n', '\u2028']) {
      const redacted = redaction.redact(JSON.stringify({ key: `${first}${line}${second}` }));
      assert.equal(holdsPartOf(redacted, [second]), false, redacted);
      assert.doesNotThrow(() => JSON.parse(redacted));
    }
  });

  it('takes out a random token that has neither a digit nor an underscore', () => {
    const redaction = new Redaction();
    redaction.learn('AiutPQFyoe-NIsgPhh-MgmByLDqVsboeHhzhu-fyVdg', named('access_token'));
    assert.equal(redaction.redact('xAiutPQFyoe-NIsgPhh-MgmByLDqVsboeHhzhu-fyVdg'), 'x[access_token]');
  });

  it('takes thousands of assertions and tokens out of a text of megabytes', () => {
    const redaction = new Redaction();
    const forms = Array.from({ length: 2000 }, (_, index) => ({
      assertion: createAssertion(`j${index}`),
      token: randomBytes(32).toString('base64url'),
    }));
    for (const form of forms) {
      redaction.learn(form.assertion);
      redaction.learn(form.token, named('access_token'));
    }
    const items = forms.map(({ assertion: body, token: answer }) => ({ body: body.slice(1), answer: `x${answer}` }));
    const redacted = redaction.redact(JSON.stringify(items));
    assert.equal(redacted.match(/\[client_assertion kid=k jti=j\d+\]/g)?.length, 2000);
    assert.equal(redacted.match(/x\[access_token\]/g)?.length, 2000);
  });

  it('takes out the whole of each of two secrets with the same beginning, also where it is glued to other characters', () => {
    const redaction = new Redaction();
    const secrets = [`${token}.${randomBytes(20).toString('hex')}`, `${token}.${randomBytes(40).toString('hex')}`];
    for (const secret of secrets) redaction.learn(secret, named('client_secret'));
    for (const secret of secrets) assert.equal(redaction.redact(`a_${secret} b`), 'a_[client_secret] b');
  });

  it('tells apart what begins alike where it is whole, and does not guess where it is cut', () => {
    const redaction = new Redaction();
    const [first, second] = [createAssertion('one'), createAssertion('two')];
    for (const one of [first, second]) redaction.learn(one);
    const label = (jti: string) => `[client_assertion kid=k jti=${jti}]`;
    assert.equal(
      redaction.redact(`${second} x${first}&y ${second}&`),
      `${label('two')} x${label('one')}&y ${label('two')}&`,
    );
    assert.equal(redaction.redact(first.slice(0, 30)), '[secret]');
    assert.equal(redaction.redact(first.slice(-60)), label('one'));
  });

  it('reads texts that are made to be slow in no time', () => {
    const redaction = new Redaction();
    const all = Array.from({ length: 300 }, (_, index) => createAssertion(`j${index}`));
    for (const one of all) redaction.learn(one);
    const begin = (all[0] as string).slice(0, 40);
    const units = [
      ...[
        'A',
        'ey',
        'eyJ',
        begin,
        all[0] as string,
        '-----BEGIN PRIVATE KEY-----',
        '-----BEGIN ',
        '\\',
        '%41',
        ' ',
        'A=',
      ],
      ...[
        'token=',
        'key":"',
        "key='",
        'password\\"',
        '"kty":"RSA","d":"',
        'Bearer ',
        '{"a":',
        '<token>',
        'cookie: a=',
        '\\n',
      ],
    ];
    for (const unit of units) {
      const start = process.cpuUsage();
      redaction.redact(unit.repeat(Math.ceil(400_000 / unit.length)));
      // No measure of speed: a bound that only a text that is read again from every place in it would pass.
      assert.equal(process.cpuUsage(start).user < 2_000_000, true, `${unit.slice(0, 20)} took seconds`);
    }
  });
});
