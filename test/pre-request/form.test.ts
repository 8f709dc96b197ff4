// The form of a request: which bodies and content types are one, and what the parameters of client authentication replace.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Parameter } from '../../src/client-auth/client-authentication.ts';
import { checkQuery, putParameters, toForm } from '../../src/pre-request/form.ts';

const FORM = 'application/x-www-form-urlencoded';
const byCertificate: Parameter[] = [{ key: 'client_id', value: 'c 1' }];
const byAssertion: Parameter[] = [
  ...byCertificate,
  { key: 'client_assertion_type', value: 'urn:t' },
  { key: 'client_assertion', value: 'a.b.c' },
];
const asItIs = (template: unknown): string => String(template ?? '');
const noRequest = (): string => assert.fail('nothing is to be signed');

describe('toForm', () => {
  const forms: [string, string[]][] = [
    ['no content type', []],
    ['an empty one', ['']],
    ['that of a form', [FORM]],
    ['that of a form in another case, with a charset', ['Application/X-WWW-Form-Urlencoded ; charset=utf-8']],
    ['that of a form twice', [FORM, FORM]],
  ];
  for (const [title, contentTypes] of forms) {
    it(`takes a form with ${title}`, () => {
      assert.deepEqual(toForm({ mode: 'urlencoded', urlencoded: [] }, contentTypes), {
        mode: 'urlencoded',
        fields: [],
      });
    });
  }

  for (const contentTypes of [['application/json'], [FORM, 'application/json'], ['application/json', FORM], ['text']]) {
    it(`takes no form with ${contentTypes.join(' and ')}`, () => {
      assert.equal(toForm({ mode: 'urlencoded' }, contentTypes), 'the header Content-Type of something else');
      assert.equal(toForm(undefined, contentTypes), 'the header Content-Type of something else');
    });
  }

  it('takes raw text only with the content type of a form', () => {
    assert.deepEqual(toForm({ mode: 'raw', raw: 'a=b' }, [FORM]), { mode: 'raw', text: 'a=b' });
    assert.equal(toForm({ mode: 'raw', raw: 'a=b' }, []), 'a raw body without the header Content-Type of a form');
  });

  for (const mode of ['formdata', 'file', 'graphql', 'something']) {
    it(`takes no body of mode ${mode}`, () => {
      assert.equal(toForm({ mode }, []), `a body of mode "${mode}"`);
    });
  }
});

describe('putParameters', () => {
  const names = ['client_id', 'client_assertion_type', 'client_assertion'];

  it('leaves none of the parameters in a form but its own, whatever stood there, switched off or twice', () => {
    const fields = [
      ...names.flatMap(key => [
        { key, value: 'old' },
        { key, value: 'off', disabled: true },
        { key: ` ${key} `, value: 'with spaces' },
      ]),
      { key: 'scope', value: 'accounts' },
      { key: 'state', value: 'off', disabled: true },
    ];
    for (const parameters of [byAssertion, byCertificate]) {
      const { urlencoded } = putParameters({ mode: 'urlencoded', fields }, parameters, asItIs, noRequest);
      assert.deepEqual(urlencoded, [
        { key: 'scope', value: 'accounts' },
        { key: 'state', value: 'off', disabled: true },
        ...parameters,
      ]);
    }
  });

  it('does the same with raw text, in which names may be escaped', () => {
    const old = 'client_assertion=x&client%5Fassertion_type=y&client_id=z&client_id=&client_assertion&scope=accounts&a';
    const put = (parameters: Parameter[]) =>
      putParameters({ mode: 'raw', text: old }, parameters, asItIs, noRequest).raw;
    assert.equal(put(byCertificate), 'scope=accounts&a&client_id=c%201');
    assert.equal(
      put(byAssertion),
      'scope=accounts&a&client_id=c%201&client_assertion_type=urn%3At&client_assertion=a.b.c',
    );
  });

  it('knows a parameter by the value of a variable in its name', () => {
    const resolve = (template: unknown) => asItIs(template).replace('{{name}}', 'client_assertion');
    const fields = [{ key: '{{name}}', value: 'old' }];
    const { urlencoded } = putParameters({ mode: 'urlencoded', fields }, byCertificate, resolve, noRequest);
    assert.deepEqual(urlencoded, byCertificate);
  });

  it('refuses a second way to authenticate, and a reference that nothing resolves', () => {
    const put = (key: string, value: string) => () =>
      putParameters({ mode: 'urlencoded', fields: [{ key, value }] }, byAssertion, asItIs, noRequest);
    assert.throws(put('client_secret', 's'), { code: 'request_authenticated_twice' });
    assert.throws(put('scope', '{{SCOPE}}'), { code: 'variable_unresolved', message: /\{\{SCOPE\}\}/ });
    assert.throws(put('{{NAME}}', 'x'), { code: 'variable_unresolved' });
  });
});

describe('checkQuery', () => {
  it('refuses parameters of client authentication in the URL, and no others', () => {
    for (const name of [...names(), 'client_secret', 'client%5Fid']) {
      assert.throws(() => checkQuery(`https://as.example.my/token?a=b&${name}=c#d`), {
        code: 'request_authenticated_twice',
      });
    }
    assert.doesNotThrow(() => checkQuery('https://as.example.my/client_id?a=client_id&b#client_id'));
  });
  const names = () => byAssertion.map(({ key }) => key);
});
