// The form of a request: which bodies and content types are one, and what the parameters of client authentication replace.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Parameter } from '../../src/client-auth/client-authentication.ts';
import { putParameters, toForm, toPlainForm } from '../../src/client-auth/form.ts';

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
      const fault = { got: 'the header Content-Type of something else', remedy: 'Remove the header Content-Type' };
      assert.deepEqual(toForm({ mode: 'urlencoded' }, contentTypes), fault);
      assert.deepEqual(toForm(undefined, contentTypes), fault);
    });
  }

  it('takes raw text only with the content type of a form', () => {
    assert.deepEqual(toForm({ mode: 'raw', raw: 'a=b' }, [FORM]), { mode: 'raw', text: 'a=b' });
    const remedy = 'Choose "x-www-form-urlencoded" in the tab Body';
    const got = 'a body of mode "raw"';
    assert.deepEqual(toForm({ mode: 'raw', raw: 'a=b' }, []), { got, remedy });
    assert.deepEqual(toForm({ mode: 'raw', raw: '{}' }, ['application/json']), {
      got: 'the header Content-Type of something else',
      remedy: `${remedy}. Remove the header Content-Type`,
    });
  });

  for (const mode of ['formdata', 'file', 'graphql', 'something']) {
    it(`takes no body of mode ${mode}`, () => {
      const remedy = 'Choose "x-www-form-urlencoded" in the tab Body';
      assert.deepEqual(toForm({ mode }, []), { got: `a body of mode "${mode}"`, remedy });
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

  it('leaves a client_secret out', () => {
    const fields = [{ key: 'client_secret', value: 's' }];
    const { urlencoded } = putParameters({ mode: 'urlencoded', fields }, byCertificate, asItIs, noRequest);
    assert.deepEqual(urlencoded, byCertificate);
    const { raw } = putParameters({ mode: 'raw', text: 'client_secret=s&a=b' }, byCertificate, asItIs, noRequest);
    assert.equal(raw, 'a=b&client_id=c%201');
  });

  it('refuses a reference that nothing resolves', () => {
    const put = (key: string, value: string) => () =>
      putParameters({ mode: 'urlencoded', fields: [{ key, value }] }, byAssertion, asItIs, noRequest);
    assert.throws(put('scope', '{{SCOPE}}'), { code: 'variable_unresolved', message: /\{\{SCOPE\}\}/ });
    assert.throws(put('{{NAME}}', 'x'), { code: 'variable_unresolved' });
  });
});

describe('toPlainForm', () => {
  const json = (raw: string) => toPlainForm({ mode: 'raw', raw }, asItIs);
  const toFields = (...pairs: [string, string][]) => ({
    mode: 'urlencoded',
    fields: pairs.map(([key, value]) => ({ key, value })),
  });

  it('makes fields of the members of a JSON object: text, numbers and booleans', () => {
    assert.deepEqual(
      json('{"a":"b","n":60,"f":0.5,"t":true}'),
      toFields(['a', 'b'], ['n', '60'], ['f', '0.5'], ['t', 'true']),
    );
    assert.deepEqual(json(' {} '), toFields());
  });

  for (const raw of ['{"a":{}}', '{"a":["b"]}', '{"a":null}', '[]', '"a"', 'null', '{', 'a=b']) {
    it(`makes nothing of ${raw}`, () => assert.equal(json(raw), undefined));
  }

  it('makes fields of a multipart form without files', () => {
    const formdata = [
      { key: 'a', value: 'b', type: 'text' },
      { key: 'off', type: 'file', src: 'x', disabled: true },
    ];
    assert.deepEqual(toPlainForm({ mode: 'formdata', formdata }, asItIs), toFields(['a', 'b']));
    const file = { key: 'c', type: 'file', src: null };
    assert.equal(toPlainForm({ mode: 'formdata', formdata: [...formdata, file] }, asItIs), undefined);
  });

  it('makes nothing of other bodies', () => {
    for (const mode of ['file', 'graphql']) assert.equal(toPlainForm({ mode }, asItIs), undefined);
  });
});
