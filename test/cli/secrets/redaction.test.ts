// Redaction: no 24 characters of a secret are left in any form that a reporter writes.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { Redaction } from '../../../src/cli/secrets/redaction.ts';
import { createRsaKey, toJwk, toPkcs8 } from '../../support/keys.ts';
import { holdsPartOf } from '../../support/readings.ts';

const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const jwk = toJwk(privateKey);
const token = randomBytes(32).toString('base64url');
const assertion = `${randomBytes(40).toString('base64url')}.${randomBytes(90).toString('base64url')}.${randomBytes(256).toString('base64url')}`;
const oddToken = `${randomBytes(30).toString('base64')}+/${randomBytes(30).toString('base64')}==`;

const create = (): Redaction => {
  const redaction = new Redaction();
  redaction.add(pem, '[signing_key]');
  redaction.add(JSON.stringify(jwk), '[signing_key]');
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) redaction.add(String(jwk[name]), '[signing_key]');
  redaction.add(token, '[access_token]');
  redaction.add(oddToken, '[refresh_token]');
  redaction.add(assertion, '[client_assertion kid=k jti=j]');
  return redaction;
};

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
  'in Base64, one letter later': secret => Buffer.from(`{"xy":"${secret}"}`).toString('base64'),
  'in Base64, two letters later': secret => Buffer.from(`{"xyz":"${secret}"}`).toString('base64'),
  'in Base64 in lines': secret => toLines(Buffer.from(`{"xyz":"${secret}"}`).toString('base64'), '\n'),
  'in Base64 in lines in JSON': secret => toLines(Buffer.from(secret).toString('base64'), '\\r\\n'),
  'in Base64 in a data URL': secret => `data:text/plain;base64,${Buffer.from(secret).toString('base64')}`,
  'as the bytes of a Buffer': secret => JSON.stringify({ stream: Buffer.from(`{"t":"${secret}"}`) }, null, 2),
  'glued to other letters': secret => `\\n${secret}`,
  'behind other letters': secret => `token_${secret}`,
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
        assert.equal(holdsPartOf(redacted, secret), false, redacted.slice(0, 300));
      });
    }
    it(`takes out a PEM ${form}`, () => {
      const redacted = create().redact(write(pem));
      for (const line of pem.split('\n').filter(one => !one.startsWith('-'))) {
        assert.equal(holdsPartOf(redacted, line), false, redacted.slice(0, 300));
      }
    });
  }

  for (const [name, secret] of Object.entries({ ...secrets, 'a PEM': pem.replace(/-----[A-Z ]+-----|\s/g, '') })) {
    it(`takes out 20 letters of ${name} from anywhere in it, and 20 in Base64, glued to other letters`, () => {
      const redaction = create();
      redaction.add(pem.replace(/-----[A-Z ]+-----|\s/g, ''), '[signing_key]');
      for (let at = 0; at + 20 <= secret.length; at++) {
        const piece = secret.slice(at, at + 20);
        for (const text of [`x${piece}x`, encodeURIComponent(piece), toHtml(piece)]) {
          assert.equal(redaction.redact(text).includes(piece), false, `${at}: ${text}`);
        }
        const base64 = Buffer.from(`letters before it, ${piece}`).toString('base64');
        const redacted = Buffer.from(redaction.redact(base64), 'base64').toString();
        assert.equal(redacted.includes(piece), false, `${at}: ${base64}`);
      }
    });
  }

  it('says what was there', () => {
    const redacted = create().redact(`Authorization: Bearer ${token}&client_assertion=${assertion}`);
    assert.equal(redacted, 'Authorization: Bearer [access_token]&client_assertion=[client_assertion kid=k jti=j]');
  });

  it('takes out the pieces of what a console breaks into lines', () => {
    const broken = `│ a=b&client_assertion=${assertion.replace(/.{55}/g, '$&\n  │ ')}\n`;
    const redacted = create().redact(broken);
    assert.equal(holdsPartOf(redacted, assertion), false, redacted);
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
    const redacted = create().redact(JSON.stringify({ body: assertion, stream: Buffer.from(token), key: pem }));
    assert.doesNotThrow(() => JSON.parse(redacted));
  });

  it('leaves JSON whole where a secret has the letter of a line break in the place of the line break', () => {
    const [first, second] = [`${randomBytes(30).toString('hex')}n`, randomBytes(30).toString('hex')];
    const redaction = new Redaction();
    redaction.add(first + second, '[x]');
    for (const line of ['\n', 'n\n', '\u2028']) {
      const redacted = redaction.redact(JSON.stringify({ key: `${first}${line}${second}` }));
      assert.equal(holdsPartOf(redacted, second), false, redacted);
      assert.equal(JSON.parse(redacted).key, line === 'n\n' ? '[x]\n[x]' : `[x]${line}[x]`);
    }
  });

  it('takes thousands of assertions and tokens out of megabytes, and passes thousands of lines, in seconds', () => {
    const redaction = new Redaction();
    const header = randomBytes(40).toString('base64url');
    const forms = Array.from({ length: 2000 }, () => ({
      assertion: `${header}.${randomBytes(200).toString('base64url')}.${randomBytes(256).toString('base64url')}`,
      token: randomBytes(32).toString('base64url'),
    }));
    const line = 'client authentication: private_key_jwt at token_endpoint https://as.example.com/token kid=';
    const start = process.cpuUsage();
    for (const form of forms) {
      redaction.add(form.assertion, '[client_assertion]');
      redaction.add(form.token, '[access_token]');
      const jti = randomUUID();
      for (let i = 0; i < 4; i++) redaction.redact(`${line}${token} jti=${jti}`);
    }
    const values = Array.from({ length: 100 }, (_, key) => ({ key, value: `some-longer-value-${key}` }));
    const items = forms.map(({ assertion: body, token: answer }) => ({ body, stream: Buffer.from(answer), values }));
    const redacted = redaction.redact(JSON.stringify(items));
    const seconds = process.cpuUsage(start).user / 1e6;
    assert.equal(redacted.match(/\[client_assertion\]/g)?.length, 2000);
    const texts = JSON.parse(redacted).map(({ stream }: { stream: { data: number[] } }) => Buffer.from(stream.data));
    assert.deepEqual([...new Set(texts.map(String))], ['[access_token]']);
    assert.equal(seconds < 5, true, `${seconds} s`);
  });

  it('takes out the whole of each of two secrets with the same beginning, also where it is glued to other letters', () => {
    const redaction = new Redaction();
    const secrets = [`${token}.${randomBytes(20).toString('hex')}`, `${token}.${randomBytes(40).toString('hex')}`];
    for (const secret of secrets) redaction.add(secret, '[x]');
    for (const secret of secrets) assert.equal(redaction.redact(`a_${secret} b`), 'a_[x] b');
  });

  it('tells apart what begins alike where it is whole, and does not guess where it is cut', () => {
    const redaction = new Redaction();
    const header = 'eyJhbGciOiJQUzI1NiIsImtpZCI6ImtleS0xIn0';
    const [first, second] = [`${header}.${'a'.repeat(40)}.${'b'.repeat(40)}`, `${header}.${'c'.repeat(40)}.x`];
    redaction.add(first, '[first]');
    redaction.add(second, '[second]');
    assert.equal(redaction.redact(`${second} x${first}&y ${second}&`), '[second] x[first]&y [second]&');
    assert.equal(redaction.redact(`${first.slice(0, 60)} ${second.slice(0, 60)}`), '[secret] [second]');
    assert.equal(redaction.redact(`${header}.`), '[secret]');
    assert.equal(redaction.redact(`${first}${second}-${first}`), '[secret]-[first]');
  });

  it('reads megabytes that are made to be slow in no time', () => {
    const redaction = new Redaction();
    const begin = 'eyJhbGciOiJQUzI1NiIsImtpZCI6ImtleS0xIn0.';
    const all = Array.from({ length: 300 }, () => begin + randomBytes(200).toString('base64url'));
    for (const one of all) redaction.add(one, '[client_assertion]');
    const units = [
      'A',
      'eyJ',
      begin,
      all[0] as string,
      '-----BEGIN ',
      '\\',
      '%41',
      '"type":"Buffer","data":[1,',
      ' ',
      'A=',
    ];
    for (const unit of units) {
      const start = performance.now();
      const redacted = redaction.redact(unit.repeat(Math.ceil(2_000_000 / unit.length)));
      assert.equal(redacted.includes(begin.slice(0, 24)), false, unit.slice(0, 20));
      // No measure of speed: a bound that only a text that is read again from every place in it would pass.
      assert.equal(performance.now() - start < 10_000, true, `${unit.slice(0, 20)} took seconds`);
    }
  });
});
