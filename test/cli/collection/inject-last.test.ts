// `inject --last`: the pre-request script behind the others of each request that may go to an endpoint. Every byte comes back, and
// each arrangement replaces the other.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isConcerned } from '../../../src/cli/collection/concerned.ts';
import { inject, remove } from '../../../src/cli/collection/injection.ts';
import { findScriptFault, type ScriptFault } from '../../../src/cli/collection/script-fault.ts';
import { collectionOf, collectionTexts, eventOf, linesOf, scriptsOf } from '../../support/collection-texts.ts';
import { form, raw } from '../../support/collections.ts';

const scripts = scriptsOf('1.2.3');
const newer = scriptsOf('1.3.0', 'pm.sendRequest("newer");');
const own = { listen: 'prerequest', script: { type: 'text/javascript', exec: linesOf(scripts.preRequest) } };
const ownTest = { listen: 'test', script: { type: 'text/javascript', exec: linesOf(scripts.postResponse) } };
const last = { last: true };

type Item = { name: string; event?: { listen: string; _replaced?: string }[]; item?: Item[]; request?: object };
const parse = (text: string): Item => JSON.parse(text.replace(/^\ufeff/, ''));
const requestsIn = (item: Item): Item[] =>
  (item.item ?? []).flatMap(one => [...(one.request ? [one] : []), ...requestsIn(one)]);

const token = { method: 'POST', url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) };
/** The same collection with each of its requests a token request. */
const aimed = (text: string): string =>
  text
    .replaceAll('"GET"', () => '"POST"')
    .replace('"request": "https://api.example.com/accounts"', () => `"request": ${JSON.stringify(token)}`);
const texts = Object.entries(collectionTexts)
  .map(([name, text]) => [name, aimed(text)] as const)
  .filter(([, text]) => text.includes('"POST"'));

describe('a collection that gets the script last', () => {
  for (const [name, before] of texts) {
    test(`with ${name} has it once, as the last one of each request, and gives every byte back`, () => {
      const after = inject(before, scripts, last);
      const requests = requestsIn(parse(after));
      assert.equal(requests.length > 0, true);
      for (const { event = [] } of requests) {
        const { _replaced, ...found } = event.at(-1) ?? {};
        assert.deepEqual(found, own);
      }
      assert.deepEqual(
        requestsIn(parse(before)).map(({ event = [] }) => event),
        requests.map(({ event = [] }) => event.slice(0, -1)),
      );
      const { _replaced, ...first } = parse(after).event?.[0] ?? {};
      assert.deepEqual(first, ownTest);
      assert.equal(findScriptFault(after, scripts, last), undefined);
      assert.equal(findScriptFault(after, scripts), undefined, 'the arrangement is not found out');
      assert.equal(inject(after, scripts, last), after);
      assert.equal(inject(after, newer, last), inject(before, newer, last));
      assert.equal(inject(after, scripts), inject(before, scripts));
      assert.equal(inject(inject(before, scripts), scripts, last), after);
      assert.equal(remove(after), before);
    });
  }

  test('keeps null, empty events and the place of its own events in a request', () => {
    for (const event of ['null', '[ ]', '[ {"listen":"test"} ]', '[\n {"listen":"prerequest"} ,\n\n 5 ]']) {
      const before = `{"info":{"schema":"v2.1.0"},"item":[ {"event": ${event} , "request": ${JSON.stringify(token)}}]}`;
      const after = inject(before, scripts, last);
      assert.equal(findScriptFault(after, scripts, last), undefined);
      assert.equal(remove(after), before);
    }
  });

  test('may be a folder', () => {
    const item = ['A', 'B'].map(name => ({ name, item: [{ name: 'Token', request: token }] }));
    const before = JSON.stringify(collectionOf({ item }), null, 2);
    const after = inject(before, scripts, { folder: 'B', last: true });
    const [a, b] = parse(after).item ?? [];
    assert.deepEqual(a, item[0]);
    assert.deepEqual(b?.event, [ownTest]);
    assert.deepEqual(b?.item?.[0]?.event, [own]);
    assert.equal(findScriptFault(after, scripts, { folder: 'B' }), undefined);
    assert.equal(remove(after, 'B'), before);
  });

  test('is refused when no request may go to an endpoint, and when the events of one are an object', () => {
    const none = JSON.stringify(collectionOf());
    assert.throws(() => inject(none, scripts, last), {
      name: 'CommandError',
      message: /^no request may go to an endpoint/,
    });
    const odd = JSON.stringify(collectionOf({ item: [{ name: 'Token', request: token, event: {} }] }));
    assert.throws(() => inject(odd, scripts, last), { name: 'CommandError', message: /^"event" must be an array/ });
  });
});

describe('the check of a collection with the script last', () => {
  const x = eventOf('prerequest', ['x']);
  const cases: Record<string, [event: unknown[], code: ScriptFault['code'], message: RegExp]> = {
    'names the request that lacks it': [[x], 'script_missing', /: the pre-request script of "F \/ Two" is missing\.$/],
    'names the request in which another is behind it': [
      [own, x],
      'script_not_last',
      /of "F \/ Two" is not the last one\.$/,
    ],
    'names the request with lines behind it': [
      [eventOf('prerequest', [...own.script.exec, 'x'])],
      'script_not_last',
      /of "F \/ Two" is not the last one\.$/,
    ],
    'names the request that has it twice': [[own, own], 'script_duplicate', /of "F \/ Two" is there 3 times\.$/],
    'names the request that has it disabled': [
      [{ ...own, disabled: true }],
      'script_disabled',
      /of "F \/ Two" is disabled/,
    ],
  };
  for (const [name, [event, code, message]] of Object.entries(cases)) {
    test(name, () => {
      const item = [
        {
          name: 'F',
          item: [
            { name: 'One', event: [own], request: token },
            { name: 'Two', event, request: token },
          ],
        },
      ];
      const fault = findScriptFault(JSON.stringify(collectionOf({ event: [ownTest], item })), scripts);
      assert.equal(fault?.code, code);
      assert.match(fault?.message ?? '', message);
    });
  }

  test('finds the script in both arrangements at once', () => {
    const text = JSON.stringify(
      collectionOf({ event: [own, ownTest], item: [{ name: 'T', event: [own], request: token }] }),
    );
    assert.equal(findScriptFault(text, scripts)?.code, 'script_duplicate');
    assert.equal(findScriptFault(text, scripts, last)?.code, 'script_duplicate');
  });
});

describe('a request that may go to an endpoint', () => {
  const api = 'https://api.example.com/consents';
  const json = raw('application/json', '{"amount":1}');
  const setsMethod = [eventOf('prerequest', ["pm.request.method = 'POST';"])];
  const cases: [title: string, item: Record<string, unknown>, expected: boolean][] = [
    ['is a POST with a form', { request: { method: 'POST', url: '{{late}}', body: form(['scope', 'x']) } }, true],
    ['is a POST without a body', { request: { method: 'post', url: api } }, true],
    [
      'is a POST with a form as text',
      { request: { method: 'POST', url: api, ...raw('application/x-www-form-urlencoded', 'login_hint=x') } },
      true,
    ],
    ['has a reference as its method', { request: { method: '{{verb}}', url: '{{token_endpoint}}' } }, true],
    [
      'is a POST of JSON with a word of OAuth',
      { request: { method: 'POST', url: api, ...raw('application/json', '{"grant_type":"x"}') } },
      true,
    ],
    [
      'is a POST of JSON to a URL with a word of OAuth',
      { request: { method: 'POST', url: '{{as}}/token', ...json } },
      true,
    ],
    [
      'becomes a POST by its script',
      { request: { method: 'GET', url: '{{token_endpoint}}' }, event: setsMethod },
      true,
    ],
    ['is the dry run of the settings', { request: { method: 'GET', url: '{{issuer}}#check-my-setup' } }, true],
    ['is no POST of JSON', { request: { method: 'POST', url: api, ...json } }, false],
    ['is no GET', { request: { method: 'GET', url: '{{token_endpoint}}' } }, false],
    ['is no URL alone', { request: api }, false],
  ];
  for (const [title, item, expected] of cases) {
    test(title, () => assert.equal(isConcerned(item), expected));
  }
});
