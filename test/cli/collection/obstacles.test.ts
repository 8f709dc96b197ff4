// What `check` says beforehand of requests to endpoints that the script will refuse, or replace something of.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRequestFindings } from '../../../src/cli/collection/obstacles.ts';
import { findEndpointRequests } from '../../../src/cli/collection/requests.ts';
import { collectionOf } from '../../support/collection-texts.ts';
import { form, raw } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';

const endpoints = { token_endpoint: 'https://as.example.my/token' };
const basic = { type: 'basic' };
const json = (text: string) => raw('application/json', text);
const multipart = (...formdata: object[]) => ({ body: { mode: 'formdata', formdata } });
const basicHeader = { header: [{ key: 'authorization', value: 'Basic {{credentials}}' }] };
const post = (more: object) => ({ method: 'POST', url: '{{as}}/token', ...more });
const read = (variables: Record<string, string> = {}) => {
  const all: Record<string, string> = { as: 'https://as.example.my', ...variables };
  return (name: string) => all[name] ?? '';
};
const find = (request: object, variables?: Record<string, string>, more: object = {}) => {
  const root = { item: [{ name: 'F', item: [{ name: 'R', request }] }], ...more };
  return findRequestFindings(findEndpointRequests(root, endpoints, read(variables)));
};

describe('a request to an endpoint', () => {
  const cases: [title: string, request: object, found: string[], canReplace?: boolean][] = [
    ['with a form', post({ body: form(['grant_type', 'x']) }), []],
    ['with Basic in its tab', post({ auth: basic }), ['authorization of type "basic"']],
    ['without authorization of its own', post({ auth: { type: 'noauth' } }), []],
    ['with a header Authorization: Basic', post(basicHeader), ['Basic in a header']],
    ['with all headers as one text', post({ header: 'Accept: x\nAuthorization: Basic Yg==' }), ['Basic in a header']],
    ['with such a header that is off', post({ header: [{ ...basicHeader.header[0], disabled: true }] }), []],
    ['with a client_secret in its form', post({ body: form(['client_secret', 'x']) }), ['"client_secret"']],
    ['with a client_secret that is off', post({ body: form(['client_secret', 'x', true]) }), []],
    ['with a client_secret named by a reference', post({ body: form(['{{name}}', 'x']) }), ['"client_secret"']],
    ['with JSON', post(json('{"grant_type":"x","n":1}')), ['the header Content-Type of something else']],
    ['with JSON in JSON', post(json('{"a":{}}')), ['the header Content-Type of something else'], false],
    [
      'with a secret in multipart',
      post(multipart({ key: 'client_secret', value: 'x' })),
      ['a body of mode "formdata"', '"client_secret"'],
    ],
    [
      'with a file in multipart',
      post(multipart({ key: 'f', type: 'file', src: 'x' })),
      ['a body of mode "formdata"'],
      false,
    ],
    ['with a user name in its URL', { ...post({}), url: 'https://u:p@as.example.my/token' }, ['a user name']],
    ['with a secret in its query', { ...post({}), url: '{{as}}/token?client_secret=x' }, ['"client_secret"']],
    ['elsewhere', { ...post({ auth: basic }), url: 'https://api.example.my/token' }, []],
    ['with odd parts', post({ auth: 5, header: [null, 5], body: { mode: 'urlencoded', urlencoded: [null, 'x'] } }), []],
  ];
  for (const [title, request, found, canReplace = true] of cases) {
    it(`${title} is ${found.length > 0 ? 'refused, or replaced where it can be' : 'taken as it is'}`, () => {
      const findings = (code: string) =>
        found.length > 0 ? [{ code, endpoint: 'token_endpoint', name: 'F / R', found, canReplace }] : [];
      const name = { name: 'client_secret' };
      assert.deepEqual(find(request, name), findings('request_refused'));
      const replaced = canReplace ? 'request_replaced' : 'request_refused';
      assert.deepEqual(find(request, { ...name, existing_client_authentication: 'replace' }), findings(replaced));
    });
  }

  it('may be told to replace by a variable of the collection, and inherits nothing', () => {
    const variable = [{ key: 'existing_client_authentication', value: 'replace' }];
    assert.equal(find(post({ auth: basic }), {}, { variable })[0]?.code, 'request_replaced');
    assert.deepEqual(find(post({}), {}, { auth: basic }), []);
  });

  it('is listed by check, one a line, at most ten; --json has all', async () => {
    const request = { method: 'POST', url: '{{token_endpoint}}', auth: basic };
    const item = Array.from({ length: 12 }, (_, index) => ({ name: `R${index}`, request }));
    const input = JSON.stringify(collectionOf({ item }));
    const { stdout } = await runCommand(['check', '-'], { input });
    assert.match(
      stdout,
      /^warn {2}requests +12 of them will be refused\. .* "existing_client_authentication" to "replace":$/m,
    );
    assert.match(stdout, /^ +token_endpoint: "R9" has authorization of type "basic"\n +and 2 more$/m);
    const lines = JSON.parse((await runCommand(['check', '-', '--json'], { input })).stdout);
    const { findings } = lines.find(({ code }: { code: string }) => code === 'request_refused');
    assert.equal(findings.length, 12);
  });
});
