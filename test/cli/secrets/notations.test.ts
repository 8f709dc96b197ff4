// What is a secret by its name, in every notation in which names and values are written; and what is none.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Copies, copyOf } from '../../../src/cli/run/copies.ts';
import { visitTexts } from '../../../src/cli/secrets/named-texts.ts';
import { Redaction } from '../../../src/cli/secrets/redaction.ts';

const token = randomBytes(24).toString('base64url');
const password = 'Kl3in!';

/** A value as a reporter gets it. */
const shown = (value: unknown, redaction = new Redaction()): unknown => {
  visitTexts(value, (text, name) => redaction.learn(text, name));
  return copyOf(value, redaction, new Copies());
};

/** Texts with a secret, each with what is left of them. */
const texts: Record<string, [text: string, left: string]> = {
  JSON: [`{"access_token":"${token}"}`, '{"access_token":"[access_token]"}'],
  'JSON with whitespace': [`{"access_token"   :\n   "${token}"}`, '{"access_token"   :\n   "[access_token]"}'],
  'JSON in JSON': [JSON.stringify(`{"password":"${password}"}`), '"{\\"password\\":\\"[password]\\"}"'],
  'a short password in JSON': ['{"password":"x"}', '{"password":"[password]"}'],
  'a password with quotes in JSON': ['{"password":"a\\"b c"}', '{"password":"[password]"}'],
  'a number of JSON': ['{"access_token":83921675309481}', '{"access_token":"[access_token]"}'],
  'a list of JSON': [`{"access_token":["${token}"]}`, '{"access_token":["[access_token]"]}'],
  'an object of JSON': [
    `{"refresh_token":{"expires":1,"value":"${token}"}}`,
    '{"refresh_token":{"expires":1,"value":"[refresh_token]"}}',
  ],
  'a pair of JSON': [
    `{"key":"client_secret","value":"${password}"}`,
    '{"key":"client_secret","value":"[client_secret]"}',
  ],
  'a pair of JSON, its value first': [
    `[{"value":"${token}","name":"access_token"}]`,
    '[{"value":"[access_token]","name":"access_token"}]',
  ],
  'a form': [`a=b&password=${encodeURIComponent('p&ä')}&c=d`, 'a=b&password=[password]&c=d'],
  'a form with brackets': [`auth[access_token]=${token}`, 'auth[access_token]=[access_token]'],
  'a fragment': [
    `https://a.example/cb#access_token=${token}&state=x`,
    'https://a.example/cb#access_token=[access_token]&state=x',
  ],
  'user information of a URL': ['https://user:pass-w0rd@host.example/', 'https://user:[password]@host.example/'],
  'a multipart body': [
    `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${password}\r\n--b--`,
    '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n[password]\r\n--b--',
  ],
  'a header': [`X-Refresh-Token: ${token}`, 'X-Refresh-Token: [refresh_token]'],
  'the header Authorization': [`Authorization: ApiKey ${token}`, 'Authorization: ApiKey [authorization]'],
  'the header Cookie': ['Cookie: a=b1; session="x"', 'Cookie: a=[cookie]; session=[cookie]'],
  'the header Set-Cookie': ['Set-Cookie: sid=ab; Path=/; HttpOnly', 'Set-Cookie: sid=[cookie]; Path=/; HttpOnly'],
  XML: [
    `<t:access_token type="a">${token}</t:access_token>`,
    '<t:access_token type="a">[access_token]</t:access_token>',
  ],
  'XML of WS-Security': [
    `<wsse:Password Type="x">${password}</wsse:Password>`,
    '<wsse:Password Type="x">[password]</wsse:Password>',
  ],
  'an input of HTML': [
    `<input type="hidden" name="id_token" value="${token}"/>`,
    '<input type="hidden" name="id_token" value="[id_token]"/>',
  ],
  YAML: ['password: hunter2abc', 'password: [password]'],
  'an assignment': [`const clientSecret2 = '${token}';`, "const clientSecret2 = '[client_secret]';"],
  'a call': [
    `pm.environment.set("access_token", "${token}");`,
    'pm.environment.set("access_token", "[access_token]");',
  ],
  'names with more words': [
    '{"DB_PASSWORD_PROD":"a1","db_pass":"b2","secretAccessKey":"c3"}',
    '{"DB_PASSWORD_PROD":"[password]","db_pass":"[password]","secretAccessKey":"[api_key]"}',
  ],
};

/** Texts in which there is no secret. */
const none: string[] = [
  '{"next_page_token":"CAUQAA1234567890abcdef","token_type":"Bearer","expires_in":600}',
  '{"token_endpoint":"https://as.example.my/token","grant_type":"refresh_token"}',
  '{"token":"2026-11-27T10:00:00Z","accessTokenUrl":"https://as.example.my/oauth2/token"}',
  '{"password":"{{password}}","access_token":null,"client_secret":""}',
  'The token is missing. The access token = required, the password: must be set.',
  'let token = response2.access_token; if (!body.password) throw new Error("no password");',
  'o.password="+h.hex}g=h.hex}if(h.utf8!==undefined){g=utf8tohex(h.utf8)}',
  '<tokens><token>word</token></tokens>',
  'PWD=/home/user1/project',
  'GET /token 200 OK',
];

describe('a text that a reporter gets', () => {
  for (const [title, [text, left]] of Object.entries(texts)) {
    it(`has no secret of ${title}`, () => {
      assert.equal(shown(text), left);
    });
  }
  for (const text of none) {
    it(`is as it was: ${text.slice(0, 60)}`, () => {
      assert.equal(shown(text), text);
    });
  }

  it('stays JSON where a number is the secret of another name', () => {
    const redaction = new Redaction();
    shown({ key: 'client_secret', value: '12345678901' }, redaction);
    assert.deepEqual(JSON.parse(shown('{"id": 12345678901}', redaction) as string), { id: '[client_secret]' });
  });

  it('stays JSON where the key before a number is escaped or in Base64', () => {
    const json = JSON.stringify({ note: 'the card of the test', pin: 1234567, sum: 12 });
    const base64 = Buffer.from(json).toString('base64');
    assert.equal(shown(`{"data":"${base64}"}`), '{"data":"[pin]"}');
    const left = json.replace('1234567', '"[pin]"');
    const redacted = shown(`{"data":"${json.replaceAll('"', '\\u0022')}"}`) as string;
    assert.equal(JSON.parse(redacted).data, left);
    assert.equal(shown(JSON.stringify(json, null, 1)), JSON.stringify(left));
    assert.equal(decodeURIComponent(shown(`x=${encodeURIComponent(json)}`) as string), `x=${left}`);
    const toHtml = (text: string) => `<p title="${text.replaceAll('"', '&#34;')}">`;
    assert.equal(shown(toHtml(json)), toHtml(left));
  });

  it('has the quotes of a key around a number that is cut off', () => {
    assert.equal(shown('{"pin": 1234567'), '{"pin": "[pin]"');
  });

  it('has words, names and regions that are also the value of a password or cookie', () => {
    const redaction = new Redaction();
    shown({ 'Set-Cookie': 'region=eu-central-1', client_secret: 'client_id', demo_password: 'test-user' }, redaction);
    const text = '{"client_id":"test-user","url":"https://api.eu-central-1.example.com"}';
    assert.equal(shown(text, redaction), text);
  });
});

describe('a value that a reporter gets', () => {
  it('has no secret in members, lists, maps, arguments, numbers, bytes and names', () => {
    const of = (value: unknown) => shown([value]);
    assert.deepEqual(of({ password: ['a', 'b'], passwords: ['c'] }), [
      { password: ['[password]', '[password]'], passwords: ['[password]'] },
    ]);
    assert.deepEqual(of({ password: { value: 'p' } }), [{ password: { value: '[password]' } }]);
    assert.deepEqual(of({ access_token: 83921675309481 }), [{ access_token: '[access_token]' }]);
    assert.deepEqual(of(new Map([['password', 'p']])), [new Map([['password', '[password]']])]);
    assert.deepEqual(of(['password:', 'Geheim!9']), [['password:', '[password]']]);
    assert.deepEqual(of({ key: 'X-Api-Key', value: 'a1' }), [{ key: 'X-Api-Key', value: '[api_key]' }]);
    assert.deepEqual(of({ key: 'value', value: 'a1' }), [{ key: 'value', value: '[api_key]' }]);
    assert.deepEqual(of({ key: 'sid', value: 'a', domain: 'h', path: '/' }), [
      { key: 'sid', value: '[cookie]', domain: 'h', path: '/' },
    ]);
    assert.deepEqual(of({ key: 'Authorization', value: 'Token 12' }), [
      { key: 'Authorization', value: 'Token [authorization]' },
    ]);
    const bytes = Buffer.from(`{"access_token":"${token}"}`);
    const expected = '{"access_token":"[access_token]"}';
    assert.deepEqual(of(bytes), [Buffer.from(expected)]);
    assert.deepEqual(of([...bytes]), [[...Buffer.from(expected)]]);
    assert.deepEqual(of(Buffer.from(bytes.toString(), 'utf16le')), [Buffer.from(expected, 'utf16le')]);
    assert.deepEqual(of([{ access_token: token }, { [token]: 1 }]), [
      [{ access_token: '[access_token]' }, { '[access_token]': 1 }],
    ]);
    assert.equal(
      JSON.stringify(of([{ access_token: token }, JSON.stringify(Buffer.from(token))])).includes('access_token]"'),
      true,
    );
  });

  it('has no value of a variable that is declared to be secret, in any spelling and under any name', () => {
    const redaction = new Redaction();
    const values: Record<string, string> = {
      umlaut: 'Zürich-Öl-Straße',
      short: 'q9!x',
      word: 'elephantine',
      number: '4815',
    };
    for (const [key, value] of Object.entries(values)) {
      redaction.declareSecret(key);
      shown({ key, value }, redaction);
    }
    const all = { list: Object.values(values), url: `https://a/?x=${encodeURIComponent('Zürich-Öl-Straße')}`, n: 4815 };
    const left = JSON.stringify(shown(all, redaction));
    assert.equal(
      left,
      '{"list":["[secret]","[secret]","[secret]","[secret]"],"url":"https://a/?x=[secret]","n":"[secret]"}',
    );
  });
});
