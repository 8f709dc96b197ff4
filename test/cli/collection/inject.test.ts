// Injects the scripts into a collection: text in, text out. One copy of each is there, as the first script, every other byte
// stays, and removing them restores the text.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inject, remove } from '../../../src/cli/collection/injection.ts';
import { findScriptFault, type ScriptFault } from '../../../src/cli/collection/script-fault.ts';
import { CommandError } from '../../../src/cli/command.ts';
import {
  collectionOf,
  collectionTexts,
  eventOf,
  linesOf,
  scriptOf,
  scriptsOf,
} from '../../support/collection-texts.ts';

const scripts = scriptsOf('1.2.3');
const newer = scriptsOf('1.3.0', 'pm.sendRequest("newer");');
const script = scripts.preRequest;
const lines = linesOf(script);
const own = { listen: 'prerequest', script: { type: 'text/javascript', exec: lines } };
const ownTest = { listen: 'test', script: { type: 'text/javascript', exec: linesOf(scripts.postResponse) } };
const ours = [own, ownTest];

type Event = { listen: string; script: { exec: string | string[] } };
const parse = (text: string) => JSON.parse(text.replace(/^\ufeff/, ''));
const textOf = (...event: unknown[]) => JSON.stringify(collectionOf({ event }), null, '\t');

/** The source of each pre-request event, as Postman puts it together. */
const sourcesOf = (text: string): string[] =>
  ((parse(text).event ?? []) as Event[])
    .filter(event => event.listen === 'prerequest')
    .map(event => event.script.exec ?? event.script)
    .map(exec => (Array.isArray(exec) ? exec.join('\n') : exec));

/** The text that is in `after` and not in `before`, if the two differ in one place. */
function differenceBetween(before: string, after: string) {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return { gone: before.slice(head, before.length - tail), come: after.slice(head, after.length - tail) };
}

describe('a collection', () => {
  for (const [name, before] of Object.entries(collectionTexts)) {
    describe(`with ${name}`, () => {
      const after = inject(before, scripts);

      test('holds the scripts as its first events', () => {
        const [{ _replaced, ...event }, second] = parse(after).event;
        assert.deepEqual([event, second], ours);
        assert.equal(findScriptFault(after, scripts), undefined);
      });

      test('keeps every other byte', () => {
        const { gone } = differenceBetween(before, after);
        assert.match(gone, /^(null|\s*)$/);
        assert.deepEqual(parse(after).event.slice(2), parse(before).event ?? []);
      });

      test('is the same when the script is injected twice', () => {
        assert.equal(inject(after, scripts), after);
      });

      test('lets a newer script replace an older one, as if that had never been there', () => {
        assert.equal(inject(after, newer), inject(before, newer));
      });

      test('is as before when the script is removed', () => {
        assert.equal(remove(after), before);
        assert.equal(remove(before), before);
      });
    });
  }
});

describe('the layout of the injected event', () => {
  const eventsAt = (indent: string, unit: string, eol: string) =>
    ours.map(one => JSON.stringify(one, null, unit).replaceAll('\n', eol + indent)).join(`,${eol}${indent}`);

  test('follows the indentation of the other events', () => {
    const before = JSON.stringify(collectionOf({ event: [eventOf('test', ['x'])] }), null, 3);
    assert.equal(differenceBetween(before, inject(before, scripts)).come.trim().length > 0, true);
    assert.equal(
      inject(before, scripts).includes(`"event": [\n      ${eventsAt('      ', '   ', '\n')},\n      {`),
      true,
    );
  });

  test('follows line ends and indentation of the collection if it has no events', () => {
    const before = JSON.stringify(collectionOf(), null, '\t').replaceAll('\n', '\r\n');
    assert.equal(
      inject(before, scripts).endsWith(`,\r\n\t"event": [\r\n\t\t${eventsAt('\t\t', '\t', '\r\n')}\r\n\t]\r\n}`),
      true,
    );
  });

  test('is one line in a collection of one line', () => {
    const before = JSON.stringify(collectionOf());
    assert.equal(inject(before, scripts), `${before.slice(0, -1)},"event":${JSON.stringify(ours)}}`);
  });
});

describe('a collection that Postman or a person has edited', () => {
  const user = ['const before = "\\u00e9\\n";', '', 'go(before);'];
  const source = user.join('\n');
  const crlf = (text: string) => text.replaceAll('\n', '\r\n');
  const joined = lines.join('\n');

  /** The events of the target, and the sources that remain when the script is removed. */
  const cases: Record<string, { events: unknown[]; remain: string[] }> = {
    'the script as one string': { events: [eventOf('prerequest', joined)], remain: [] },
    'the script as one string with CRLF': { events: [eventOf('prerequest', crlf(`${joined}\n`))], remain: [] },
    'the script in one element of an array': { events: [eventOf('prerequest', [joined])], remain: [] },
    'lines that end in CR': {
      events: [
        eventOf(
          'prerequest',
          lines.map(line => `${line}\r`),
        ),
      ],
      remain: [],
    },
    'blank lines around the script': { events: [eventOf('prerequest', ['', ' ', ...lines, '', ''])], remain: [] },
    'indented lines': {
      events: [
        eventOf(
          'prerequest',
          lines.map(line => `  ${line}  `),
        ),
      ],
      remain: [],
    },
    'the script as text in place of an object': { events: [{ listen: 'prerequest', script: joined }], remain: [] },
    'the lines in place of an object': { events: [{ listen: 'prerequest', script: lines }], remain: [] },
    'fields that Postman adds': {
      events: [
        {
          listen: 'prerequest',
          script: { id: '1', type: 'text/javascript', packages: {}, requests: {}, exec: lines },
          id: '2',
        },
      ],
      remain: [],
    },
    'a script of its own after it': { events: [own, eventOf('prerequest', user)], remain: [source] },
    'a script of its own before it': { events: [eventOf('prerequest', user), own], remain: [source] },
    'tests before it': { events: [eventOf('test', user), own], remain: [] },
    'lines after it in the same event': { events: [eventOf('prerequest', [...lines, ...user])], remain: [source] },
    'lines before it in the same event': { events: [eventOf('prerequest', [...user, ...lines])], remain: [source] },
    'lines on both sides': {
      events: [eventOf('prerequest', [...user, ...lines, ...user])],
      remain: [`${source}\n${source}`],
    },
    'text after it in the same string': { events: [eventOf('prerequest', `${joined}\n${source}`)], remain: [source] },
    'text before it in the same string': { events: [eventOf('prerequest', `${source}\n${joined}`)], remain: [source] },
    'text on both sides with CRLF': {
      events: [eventOf('prerequest', crlf(`${source}\n${joined}\n${source}`))],
      remain: [crlf(`${source}\n${source}`)],
    },
    'text before it with CRLF': {
      events: [eventOf('prerequest', crlf(`${source}\n${joined}`))],
      remain: [crlf(source)],
    },
    'strings of several lines that it shares with others': {
      events: [eventOf('prerequest', [`${source}\n${lines[0]}`, ...lines.slice(1, -1), `${lines.at(-1)}\n${source}`])],
      remain: [`${source}\n${source}`],
    },
    'indented text between other text in one string': {
      events: [eventOf('prerequest', `${source}\n${joined.replaceAll(/^/gm, ' \t')}\n${source}`)],
      remain: [`${source}\n${source}`],
    },
    // The converter between Postman's formats joins scripts without a line break.
    'code directly before and after it': {
      events: [eventOf('prerequest', `${source}${joined}${source}`)],
      remain: [`${source}${source}`],
    },
    'the script twice in one event': { events: [eventOf('prerequest', [...lines, ...lines])], remain: [] },
    'the script twice in one string': { events: [eventOf('prerequest', `${joined}\n${joined}`)], remain: [] },
    'the script twice in one string, then text': {
      events: [eventOf('prerequest', `${joined}\n${joined}\n${source}`)],
      remain: [source],
    },
    'the script twice in one element of an array, then lines': {
      events: [eventOf('prerequest', [`${joined}\n${joined}`, ...user])],
      remain: [source],
    },
    'the script in two events': { events: [own, own], remain: [] },
    'the script in four events, others between': {
      events: [own, own, eventOf('prerequest', user), own, eventOf('prerequest', 'x'), own],
      remain: [source, 'x'],
    },
    'three versions': {
      events: [
        eventOf('prerequest', linesOf(newer.preRequest)),
        eventOf('prerequest', ['x', ...linesOf(scriptOf('0.1.0'))]),
        own,
      ],
      remain: ['x'],
    },
    'a disabled event': { events: [{ ...own, disabled: true }], remain: [] },
    'another script in src': {
      events: [{ listen: 'prerequest', script: { ...own.script, src: 'x.js' } }],
      remain: [],
    },
    'a changed line': {
      events: [eventOf('prerequest', [...lines.slice(0, 4), '// changed', ...lines.slice(4)])],
      remain: [],
    },
    'a first line without its SHA-256': {
      events: [eventOf('prerequest', ['/*! paynet-client-auth by hand', ...lines.slice(1)])],
      remain: [],
    },
    'elements that are no lines': { events: [eventOf('prerequest', [5, ...lines, null, 'x'])], remain: ['5\n\nx'] },
  };

  for (const [name, { events, remain }] of Object.entries(cases)) {
    for (const indent of ['\t', undefined]) {
      const before = JSON.stringify(collectionOf({ event: events }), null, indent);

      test(`with ${name} has one copy of the script, as the first, and its own scripts in order${indent ? '' : ' (minified)'}`, () => {
        const after = inject(before, newer);
        assert.equal(findScriptFault(after, newer), undefined);
        assert.deepEqual(parse(after).event[0].script.exec, linesOf(newer.preRequest));
        assert.deepEqual(sourcesOf(after), [linesOf(newer.preRequest).join('\n'), ...remain]);
        assert.equal(inject(after, newer), after);
      });

      test(`with ${name} has only its own scripts when the script is taken out${indent ? '' : ' (minified)'}`, () => {
        const after = remove(before);
        assert.deepEqual(sourcesOf(after), remain);
        assert.deepEqual({ ...parse(after), event: 0 }, { ...parse(before), event: 0 });
        assert.equal(remove(after), after);
      });
    }
  }

  test('keeps the escapes of its own lines in a string that held the script', () => {
    const exec = JSON.stringify(`a\n${joined}\nb`).replace('a', '\\u0061\\/').replace(/b"$/, '\\u0062\\t"');
    const before = `{"info":{"schema":"v2.0.0"},"item":[],"event":[{"listen":"prerequest","script":{"exec":${exec}}}]}`;
    assert.equal(remove(before).endsWith('{"exec":"\\u0061\\/\\n\\u0062\\t"}}]}'), true);
  });

  test('keeps the layout of its own lines in an array that held the script', () => {
    const before = textOf(own, eventOf('prerequest', ['a', ...lines, 'b', ...lines]), eventOf('test', []));
    assert.equal(remove(before), textOf(eventOf('prerequest', ['a', 'b']), eventOf('test', [])));
  });

  test('keeps the space around the commas of its own events', () => {
    const textWith = (events: string) => `{"info":{"schema":"v2.1.0"},"event": [ ${events} ] ,"item":[]}`;
    const event = JSON.stringify(own);
    assert.equal(remove(textWith(`${event} , {"listen":"test"}`)), textWith('{"listen":"test"}'));
    assert.equal(remove(textWith(`{"listen":"test"} , ${event} , 5`)), textWith('{"listen":"test"} , 5'));
  });

  test('loses the event member that the injection made, wherever it is', () => {
    const item = { info: { schema: 'v2.1.0' }, item: [] };
    for (const indent of [2, undefined]) {
      const first = JSON.stringify({ event: [own], ...item }, null, indent);
      const middle = JSON.stringify({ info: item.info, event: [own], item: [] }, null, indent);
      assert.equal(remove(first), JSON.stringify(item, null, indent));
      assert.equal(remove(middle), JSON.stringify(item, null, indent));
    }
  });

  test('does not take back an event value that is not one of those the injection replaces', () => {
    const before = textOf({ ...own, _replaced: '],"x":[' });
    assert.equal(remove(before), JSON.stringify(collectionOf(), null, '\t'));
  });

  for (const [name, exec] of Object.entries({
    'its last line': lines.slice(0, -1),
    'its last line, another copy after it': [...lines.slice(0, -1), ...lines],
    'its last line, in another event': [...lines.slice(0, 1)],
    'its first line': lines.slice(1),
    'its first line, another copy after it': [...lines.slice(1), ...lines],
  })) {
    test(`is refused when a copy of the script has lost ${name}`, () => {
      const before = textOf(eventOf('prerequest', exec), eventOf('prerequest', ['x']));
      const message = /^a copy of paynet-client-auth has lost its (first|last) line .* Delete the rest of it/;
      for (const action of [inject, findScriptFault])
        assert.throws(() => action(before, scripts), { name: 'CommandError', message });
      assert.throws(() => remove(before), { name: 'CommandError', message });
    });
  }

  test('loses the script in a request and in a test too', () => {
    const inside = { name: 'Deep', item: [{ name: 'Read', event: [own, eventOf('prerequest', ['x'])], request: 'u' }] };
    const without = { name: 'Deep', item: [{ name: 'Read', event: [eventOf('prerequest', ['x'])], request: 'u' }] };
    const text = (item: object, ...event: unknown[]) => JSON.stringify(collectionOf({ event, item: [item] }), null, 2);
    assert.equal(
      remove(text(inside, eventOf('test', lines), eventOf('test', ['y']))),
      text(without, eventOf('test', ['y'])),
    );
  });

  test('may hold the script in a description, where it is left alone', () => {
    const before = JSON.stringify(collectionOf({ description: script, variable: [{ key: 'x', event: ours }] }));
    assert.equal(remove(inject(before, scripts)), before);
    assert.match(findScriptFault(before, scripts)?.message ?? '', /missing/);
  });
});

describe('the check', () => {
  const withX = [...lines.slice(0, 2), 'x', ...lines.slice(2)];
  const loaded = { ...own, script: { ...own.script, src: 'https://example.com/x.js' } };
  type Case = [event: unknown[] | null | undefined, code?: ScriptFault['code'], message?: RegExp];
  /** The events, without the post-response script. */
  const cases: Record<string, Case> = {
    'accepts the script as injected': [[own]],
    'accepts the script as one string with CRLF': [[eventOf('prerequest', lines.join('\r\n'))]],
    'accepts the script with lines after it in its event': [[eventOf('prerequest', [...lines, 'x'])]],
    'reports an older version': [
      [eventOf('prerequest', linesOf(scriptOf('1.2.2')))],
      'script_other_version',
      /has version 1\.2\.2, this is 1\.2\.3/,
    ],
    'reports a newer version': [
      [eventOf('prerequest', linesOf(newer.preRequest))],
      'script_other_version',
      /has version 1\.3\.0, this is 1\.2\.3/,
    ],
    'reports another build': [
      [eventOf('prerequest', linesOf(scriptOf('1.2.3', 'x()')))],
      'script_other_build',
      /build/,
    ],
    'reports a change by hand': [[eventOf('prerequest', withX)], 'script_changed', /changed by hand/],
    'reports a changed first line': [
      [eventOf('prerequest', ['/*! paynet-client-auth 1', ...lines.slice(1)])],
      'script_changed',
    ],
    'reports a script before it': [[eventOf('prerequest', ['x']), own], 'script_not_first', /not the first/],
    'reports lines before it': [[eventOf('prerequest', ['x', ...lines])], 'script_not_first'],
    'reports two copies in two events': [[own, own], 'script_duplicate', /2 times/],
    'reports three copies in one event': [
      [eventOf('prerequest', [...lines, ...lines, ...lines])],
      'script_duplicate',
      /3 times/,
    ],
    'reports a disabled event': [[{ ...own, disabled: true }], 'script_disabled', /disabled/],
    'reports a disabled script': [[{ ...own, script: { ...own.script, disabled: true } }], 'script_disabled'],
    'reports a script that Postman loads from another place': [[loaded], 'script_not_run', /"src"/],
  };
  /** The same with all events of the collection. */
  const whole: Record<string, Case> = {
    'accepts the scripts after events of another kind': [[eventOf('x', ['x']), ownTest, own]],
    'misses both scripts without events': [undefined, 'script_missing', /^paynet-client-auth is missing\.$/],
    'misses both scripts in empty events': [[], 'script_missing'],
    'misses both scripts in null': [null, 'script_missing'],
    'misses both scripts among others': [
      [eventOf('prerequest', ['x']), eventOf('test', ['x'])],
      'script_missing',
      /^paynet-client-auth is missing\.$/,
    ],
    'misses the pre-request script': [
      [ownTest],
      'script_missing',
      /^paynet-client-auth: the pre-request script is missing\.$/,
    ],
    'misses the post-response script': [
      [own],
      'script_missing',
      /^paynet-client-auth: the post-response script is missing\.$/,
    ],
    'reports a test before the post-response script': [
      [own, eventOf('test', ['x']), ownTest],
      'script_not_first',
      /: the post-response script is not the first one\.$/,
    ],
    'reports a disabled post-response script': [
      [own, { ...ownTest, disabled: true }],
      'script_disabled',
      /: the post-response script is disabled\.$/,
    ],
    'reports an older post-response script': [
      [own, eventOf('test', linesOf(scriptsOf('1.2.2').postResponse))],
      'script_other_version',
      /: the post-response script has version 1\.2\.2/,
    ],
    'reports a changed post-response script': [
      [own, eventOf('test', [...ownTest.script.exec.slice(0, 2), 'x', ...ownTest.script.exec.slice(2)])],
      'script_changed',
      /: the post-response script was changed by hand/,
    ],
    'reports two post-response scripts': [
      [own, ownTest, ownTest],
      'script_duplicate',
      /: the post-response script is there 2/,
    ],
    'reports the pre-request script in the place of the other': [
      [own, eventOf('test', lines)],
      'script_other_build',
      /: the post-response script comes from another build/,
    ],
  };
  const withTest = Object.entries(cases).map(([name, [event, ...rest]]): [string, Case] => [
    name,
    [[...(event ?? []), ownTest], ...rest],
  ]);
  for (const [name, [event, code, message = /^paynet-client-auth[ :]/]] of [...withTest, ...Object.entries(whole)]) {
    test(name, () => {
      const found = findScriptFault(JSON.stringify(collectionOf(event === undefined ? {} : { event })), scripts);
      assert.equal(found?.code, code);
      if (code) assert.match(found?.message ?? '', message);
    });
  }
});

describe('a folder', () => {
  test('takes the script, and all else stays', () => {
    for (const before of [textOf(), JSON.stringify(collectionOf())]) {
      for (const folder of ['Consents', 'Deep']) {
        const after = inject(before, scripts, { folder });
        const path = parse(after).item[1];
        const { event } = folder === 'Deep' ? path.item[0] : path;
        assert.deepEqual(event.slice(0, 2), ours);
        assert.equal(differenceBetween(before, after).gone.trim(), '');
        assert.equal(findScriptFault(after, scripts, { folder }), undefined);
        assert.match(findScriptFault(after, scripts)?.message ?? '', /missing/);
        assert.equal(inject(after, scripts, { folder }), after);
        assert.equal(remove(after, folder), before);
      }
    }
  });

  test('is indented by its depth', () => {
    const after = inject(textOf(), scripts, { folder: 'Consents' });
    assert.equal(after.includes('\n\t\t\t"event": [\n\t\t\t\t{\n\t\t\t\t\t"listen": "prerequest",\n'), true);
  });

  test('is found by the value of its name, not by its spelling', () => {
    const before = '{"info":{"schema":"v2.1.0"},"item":[{"name":"x","\\u006eame":"\\u00e9","item":[]}]}';
    assert.deepEqual(parse(inject(before, scripts, { folder: 'é' })).item[0].event, ours);
  });

  test('is not searched for in an item member that JSON.parse drops', () => {
    const before = '{"info":{"schema":"v2.1.0"},"item":[{"name":"x","item":[]}],"item":[{"name":"y","item":[]}]}';
    assert.throws(() => inject(before, scripts, { folder: 'x' }), {
      message: 'there is no folder "x". The collection has: "y".',
    });
  });

  test('at the bottom of fifty thousand others takes the script within five seconds', () => {
    const before = collectionTexts['fifty thousand folders in each other']?.replace(
      '"item":[]',
      '"item":[{"name":"x","item":[]}]',
    );
    const start = performance.now();
    const after = inject(before ?? '', scripts, { folder: 'x' });
    assert.equal(performance.now() - start < 5000, true);
    assert.equal(remove(after, 'x'), before);
  });

  const folders = (...names: unknown[]) =>
    JSON.stringify({ info: { schema: 'v2.1.0' }, item: names.map(name => ({ name, item: [] })) });
  for (const [name, [text, folder, message]] of Object.entries({
    'that is not there is refused with the names of those that are': [
      textOf(),
      'Consent',
      'there is no folder "Consent". The collection has: "Consents", "Deep".',
    ],
    'that is not there is refused with at most ten names': [
      folders(...'abcdefghijkl', undefined),
      'x',
      /has: "a", .*"j" and 3 more\.$/,
    ],
    'without a name does no harm': [
      folders(undefined, 5),
      'x',
      'there is no folder "x". The collection has: one without a name, 5.',
    ],
    'of a collection without folders is refused': [
      folders(),
      'x',
      'there is no folder "x". The collection has no folders.',
    ],
    'whose name others have too is refused with their number': [
      folders('a', 'b', 'a', 'a'),
      'a',
      '3 folders are named "a". Rename the one to inject into.',
    ],
    'that is a request is refused': [
      textOf(),
      'List',
      '"List" is a request, not a folder. Name the folder that it is in.',
    ],
    'whose items are no array is refused': [
      '{"info":{"schema":"v2.1.0"},"item":[{"name":"x","item":{"a":["]"]}}]}',
      'x',
      '"x" is a request, not a folder. Name the folder that it is in.',
    ],
    'with events that are no array is refused': [
      '{"info":{"schema":"v2.1.0"},"item":[{"name":"x","item":[],"event":{}}]}',
      'x',
      '"event" must be an array, got an object. Correct it.',
    ],
  } as Record<string, [string, string, string | RegExp]>)) {
    test(name, () => {
      assert.throws(() => inject(text, scripts, { folder }), { name: 'CommandError', message });
      assert.throws(() => findScriptFault(text, scripts, { folder }), { name: 'CommandError', message });
      assert.throws(() => remove(text, folder), { name: 'CommandError', message });
    });
  }
});

describe('what is not a collection is refused', () => {
  const cases: Record<string, [string, RegExp]> = {
    'an empty file': ['', /^not JSON: value expected at line 1, column 1\. /],
    text: ['hello', /^not JSON: invalid symbol at line 1, column 1\. /],
    'a byte order mark alone': ['\ufeff', /^not JSON: value expected at line 1, column 1\. /],
    'a missing comma': ['{\n  "info": {}\n  "item": []\n}', /^not JSON: comma expected at line 3, column 3\. /],
    'a missing comma after CRLF': ['{\r\n  "info": {}\r\n  "item": []\r\n}', /comma expected at line 3, column 3\. /],
    'a comma too many': ['{"info":{},"item":[1,]}', /^not JSON: value expected at line 1, column 22\. /],
    'a comment': ['// mine\n{"info":{}}', /^not JSON: invalid comment token at line 1, column 1\. /],
    'a file that was cut off': [textOf().slice(0, 300), /^not JSON: .* expected at line \d+, column \d+\. /],
    'a second value': ['{}\n{}', /^not JSON: end of file expected at line 2, column 1\. /],
    'a raw line break in a string': ['{"a":"b\nc"}', /^not JSON: unexpected end of string at line 1, column 6\. /],
    'single quotes': ["{'info':1}", /^not JSON: .* at line 1, column 2\. /],
    'a number with a leading zero': ['{"a":01}', /^not JSON: .* at line 1, column 7\. /],
    'a broken text that is too deep to look into': [`${'['.repeat(1e5)}x`, /^not JSON: /],
    'an array': [`[${textOf()}]`, /^not a Postman collection but an array\. /],
    'a string': ['"x"', /^not a Postman collection but a single value\. /],
    null: ['null', /^not a Postman collection but a single value\. /],
    'an environment': [
      '{"id":"1","name":"x","values":[],"_postman_variable_scope":"environment"}',
      /an environment or globals\. /,
    ],
    'an OpenAPI description': [
      '{"openapi":"3.1.0","info":{"title":"x"},"paths":{}}',
      /an OpenAPI description\. Import it /,
    ],
    'a Swagger description': ['{"swagger":"2.0","info":{"title":"x"}}', /an OpenAPI description\. Import it /],
    'what the Postman API returns': [
      `{"collection":${textOf()}}`,
      /an answer of the Postman API\. Save the value of "collection" /,
    ],
    'a report of Newman': [`{"collection":${textOf()},"run":{}}`, /a report of Newman\. /],
    'format v1': [
      '{"id":"1","name":"x","order":[],"requests":[]}',
      /format v1\. Export it from Postman as "Collection v2\.1"\./,
    ],
    'a data dump': ['{"version":1,"collections":[],"environments":[]}', /an export of all data of Postman\. /],
    'a later format': [
      '{"info":{"schema":"https://x/collection/v3.0.0/"},"item":[]}',
      /of the format "https:.*v3\.0\.0\/"\. /,
    ],
    'other JSON': ['{"name":"x","info":null}', /some other JSON, without "info" and "item"\. /],
    'an object instead of events': [
      JSON.stringify(collectionOf({ event: {} })),
      /^"event" must be an array, got an object\./,
    ],
    'text instead of events': [
      JSON.stringify(collectionOf({ event: 'x' })),
      /^"event" must be an array, got a single value\./,
    ],
  };
  for (const [name, [text, message]] of Object.entries(cases)) {
    test(name, () => {
      assert.throws(() => inject(text, scripts), { name: 'CommandError', message });
      assert.throws(() => findScriptFault(text, scripts), { name: 'CommandError', message });
      assert.throws(() => remove(text), { name: 'CommandError', message });
    });
  }
});

test('a script that is not as it was built is refused', () => {
  const text = textOf();
  for (const bad of [
    '',
    'x',
    script.replace('client_id', 'client_ID'),
    script.slice(0, -10),
    `${script}x\n`,
    ` ${script}`,
  ]) {
    assert.throws(
      () => inject(text, { ...scripts, preRequest: bad }),
      (error: Error) => error instanceof CommandError && /"npm run build"/.test(error.message),
    );
  }
});

test('ten thousand copies of the script are reduced to one within five seconds', () => {
  const copies = Array.from({ length: 100 }, () =>
    eventOf('prerequest', Array.from({ length: 100 }, () => lines.join('\n')).join('\nx\n')),
  );
  const start = performance.now();
  const after = inject(textOf(...copies), scripts);
  assert.equal(performance.now() - start < 5000, true);
  assert.equal(findScriptFault(after, scripts), undefined);
});
