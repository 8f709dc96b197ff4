// Properties of the intake of keys, settings, URLs, answers and collections under hostile input, for a quick and for a long run.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findSecrets } from '../../src/cli/collection/findings.ts';
import { differenceOf, findCopies, parseScripts } from '../../src/cli/collection/script-text.ts';
import { Redaction } from '../../src/cli/secrets/redaction.ts';
import { findEndpoint, metadataUrls, readMetadata } from '../../src/client-auth/authorization-server.ts';
import { ClientAuthError, toPlain } from '../../src/client-auth/errors.ts';
import { toPlainUrl } from '../../src/client-auth/server-url.ts';
import { readSettings } from '../../src/client-auth/settings.ts';
import { importSigningKey } from '../../src/client-auth/signing-key.ts';
import { scriptsOf } from './collection-texts.ts';
import { createRsaKey, leaks, toJwk, toPkcs1, toPkcs8 } from './keys.ts';

const { toNodeUrl } = createRequire(import.meta.url)('postman-url-encoder') as {
  toNodeUrl: (url: string) => { href: string };
};

// A fault that shows only in a large input, slowly, would be shrunk for hours: what has been found by then is reported.
fc.configureGlobal({ interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true });

/** Runs a step that may refuse; gives its result, or the refusal. */
const attempt = <T>(step: () => T): T | ClientAuthError => {
  try {
    return step();
  } catch (error) {
    if (error instanceof ClientAuthError) return error;
    return assert.fail(`another error: ${error instanceof Error ? error.name : typeof error}`);
  }
};

const { privateKey } = createRsaKey();
const { key } = importSigningKey(toPkcs8(privateKey));
const texts = [toPkcs8(privateKey), toPkcs1(privateKey), JSON.stringify(toJwk(privateKey))];

/** A change of a text at some place of it. */
type Mutation = (text: string, at: number, insert: string) => string;
const MUTATIONS: Mutation[] = [
  (text, at, insert) => text.slice(0, at) + insert + text.slice(at),
  (text, at, insert) => text.slice(0, at) + insert + text.slice(at + insert.length),
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(at),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at) => text.slice(0, at) + text.slice(at + 64),
  (text, at) => text.slice(0, at) + text,
  text => text + text,
  (text, at) => text.replace(/\n/g, ['\r', '\r\n', '\\n', ' ', '', '\n\n', '\u2028'][at % 7] as string),
  (text, at) => text.slice(0, at) + text.slice(at).replace(/\n/g, '\r\n'),
  (text, at) => text.slice(0, at) + text.slice(at).toLowerCase(),
  (text, at) =>
    [...text].map((letter, i) => (i === at ? String.fromCharCode(letter.charCodeAt(0) ^ 1) : letter)).join(''),
  // Letters that look like those of Base64, and the dashes that word processors make.
  (text, at) => text.slice(0, at) + text.slice(at).replace('A', '\u0410').replace('o', '\u043e'),
  text => text.replace(/--/g, '\u2014'),
  (text, at) => ' '.repeat(at) + text,
  (text, at, insert) => `${insert.repeat(at % 50)}${text}`,
  text => Buffer.from(text).toString('base64'),
  text => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '')),
  text => JSON.stringify(text),
  (text, at) => text + 'x'.repeat((at * 999) % 1_000_000),
];

const mutation = fc.record({
  text: fc.constantFrom(...texts),
  steps: fc.array(fc.tuple(fc.constantFrom(...MUTATIONS), fc.nat(2000), fc.string({ unit: 'binary', maxLength: 12 })), {
    minLength: 1,
    maxLength: 4,
  }),
});

/** What a pattern that reads its text again from every place in it would take minutes for. */
const REPEATED = [
  '\\',
  '\\\\n',
  '-',
  '-----BEGIN ',
  '-----BEGIN A-----',
  '{',
  '{{',
  '{{a',
  '}',
  '"',
  "'",
  ' ',
  '\n',
  '\t ',
  '=',
];
REPEATED.push('A', '+', '/', '/.', ':', 'https://', '?', '#', '.', '-a', '0', '&', '%', '\u2028', '\ud83d');

/** What answers and collections hold where somebody looks for secrets, and what those look like. */
const LIKE_SECRETS = [
  'eyJ',
  '-eyJ',
  '.eyJ',
  'eyJhbGciOiJQUzI1NiJ9.',
  '-----BEGIN PRIVATE KEY-----',
  'aaaa: ',
  'a: aaaa ',
  'Bearer ',
  'Bearer\n',
  '"kty"',
  '"d":"',
  'token=',
  'token=a%20b1&',
  'token: "',
  'key\\',
  '"a"+',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n',
  '"d\\',
  '"type":"Buffer","data":[',
  '"type":"Buffer","data":[1,2]',
  '1,',
  '+/',
  '&#',
  '&#x41;',
  '%41',
  '\\u0041',
  '\\/',
  '|',
  `${'A'.repeat(11)} `,
  `${'A'.repeat(33)} `,
  `${'A'.repeat(199)} `,
  '/*! paynet-client-auth ',
  '/* end of paynet-client-auth */',
];

/**
 * Describes the properties.
 *
 * @param numRuns with how many inputs each is tried
 * @param megabytes size of the texts that repeat themselves
 */
export const describeHostileInput = (numRuns: number, megabytes: number): void => {
  const isLong = megabytes > 1;
  describe(`hostile input, ${numRuns} of a kind`, () => {
    it('a mutated key is the same key, or is refused without a word of it, in no time', () => {
      fc.assert(
        fc.property(mutation, ({ text, steps }) => {
          const mutated = steps.reduce(
            (before, [mutate, at, insert]) => mutate(before, at % (before.length + 1), insert),
            text,
          );
          const start = performance.now();
          const result = attempt(() => importSigningKey(mutated));
          // No measure of speed: a bound that only something that never ends would pass.
          assert.equal(performance.now() - start < 5000, true, 'it took seconds');
          if (!(result instanceof ClientAuthError)) {
            assert.equal(result.key.n === key.n && result.key.d === key.d, true, 'another key');
            return;
          }
          assert.match(result.message, /^"signing_key" must be an RSA private key/);
          for (const whole of texts) assert.equal(leaks(result.message, whole), false, 'the message quotes the key');
        }),
        { numRuns },
      );
    });

    it('a text that repeats itself half a million times is refused in no time, whatever it is meant to be', () => {
      for (const unit of REPEATED) {
        for (const text of [unit.repeat(500_000), `"${unit.repeat(500_000)}x`, `https://a${unit.repeat(500_000)} `]) {
          const start = performance.now();
          assert.equal(attempt(() => importSigningKey(text)) instanceof ClientAuthError, true, unit);
          for (const name of ['client_id', 'kid', 'client_assertion_audience', 'clock_offset']) {
            attempt(() => readSettings(variable => (variable === name ? text : 'c')));
          }
          toPlainUrl(text);
          findEndpoint(text, { token_endpoint: text });
          attempt(() => metadataUrls(text));
          attempt(() => readMetadata(text, 'https://as.example.my'));
          assert.equal(performance.now() - start < 5000, true, `${JSON.stringify(unit)} took seconds`);
        }
      }
    });

    const token = 'T-oken.'.repeat(6);
    const odd = 'o+/d='.repeat(9);
    const { prerequest } = parseScripts(scriptsOf('1.2.3'));
    /** Does all that is done with answers and collections, and gives the text without its secrets. */
    const look = (text: string): string => {
      const redaction = new Redaction();
      for (const secret of [texts[0] as string, token, odd]) redaction.learn(secret, { text: 'secret', isPair: true });
      const redacted = redaction.redact(text);
      findSecrets([text, { text }]);
      toPlain(text);
      try {
        for (const copy of findCopies(`/*! paynet-client-auth ${text}/* end of paynet-client-auth */`)) {
          differenceOf(copy, prerequest);
        }
      } catch (error) {
        assert.equal((error as Error).name, 'CommandError');
      }
      const hostile = new Redaction();
      for (const name of ['token', 'client_assertion', 'cookie']) hostile.learn(text, { text: name, isPair: false });
      hostile.learn(`Bearer ${text}`);
      hostile.redact(text.slice(0, 100_000));
      return redacted;
    };
    const starts = [
      '',
      token.slice(0, 20),
      odd.slice(0, 20),
      '-----BEGIN PRIVATE KEY-----',
      '"type":"Buffer","data":[',
    ];

    it(`${megabytes} MB that repeat themselves are read in no time, and a secret in them is taken out`, () => {
      for (const unit of [...REPEATED, ...LIKE_SECRETS]) {
        for (const start of isLong ? starts : [starts.join('')]) {
          const repeated = unit.repeat((megabytes * 2 ** 20) / unit.length / 2);
          const text = `${start}${repeated} ${token} ${odd} "${unit}${repeated}!`;
          const begin = process.cpuUsage();
          const redacted = look(text);
          const { user } = process.cpuUsage(begin);
          assert.equal(user < 5_000_000 * Math.max(megabytes, 0.4), true, `${JSON.stringify(unit)} took seconds`);
          assert.equal(redacted.includes(token) || redacted.includes(odd), false, unit);
        }
      }
    });

    if (isLong) {
      it('20 MB in one piece are no more than a pattern can take', () => {
        for (const unit of ['A', '-', '1', ' ']) {
          const text = `"type":"Buffer","data":[1${unit.repeat(20 * 2 ** 20)}!`;
          for (const start of ['', token.slice(0, 20), 'Bearer ']) look(start + text.slice(start.length ? 25 : 0));
        }
      });
    }

    it('any text at all is a key or is refused', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => {
          assert.equal(attempt(() => importSigningKey(text)) instanceof ClientAuthError, true);
        }),
        { numRuns },
      );
    });

    it('settings are taken within their bounds, or refused by name', () => {
      const value = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom(
          '',
          '0',
          '-1',
          '601',
          '600',
          '1e3',
          'NaN',
          'Infinity',
          '99999999999999999999',
          ' 60 ',
          '{{x}}',
          '{{',
          '}}',
        ),
        fc.constantFrom('a"b', 'a\\b', "a'b", 'ü', '\u0000', 'a{{b}}c', 'issuer', 'token_endpoint', 'tls_client_auth'),
        fc.webUrl({ validSchemes: ['http', 'https'], withFragments: true, withQueryParameters: true }),
      );
      const names = [
        'client_id',
        'token_endpoint_auth_method',
        'kid',
        'client_assertion_audience',
        'client_assertion_lifetime',
        'clock_offset',
      ];
      fc.assert(
        fc.property(fc.dictionary(fc.constantFrom(...names), value), variables => {
          const result = attempt(() =>
            readSettings(name => (Object.hasOwn(variables, name) ? (variables[name] ?? '') : '').trim()),
          );
          if (result instanceof ClientAuthError) {
            assert.match(result.message, new RegExp(`^"(${names.join('|')})" must be `));
            return;
          }
          assert.match(result.clientId, /^[\x20-\x7e]+$/);
          assert.equal(result.clientId.includes('{{'), false);
          if (result.method !== 'private_key_jwt') return;
          assert.equal(Number.isInteger(result.lifetime) && result.lifetime >= 1 && result.lifetime <= 600, true);
          assert.equal(Number.isInteger(result.clockOffset) && Math.abs(result.clockOffset) <= 86400, true);
        }),
        { numRuns },
      );
    });

    it('a URL that is taken is read alike by a URL parser and by Postman', () => {
      const part = fc.constantFrom(
        'https://',
        'HTTP://',
        'as.example.my',
        '127.0.0.1',
        '[::1]',
        ':443',
        ':80',
        ':8443',
        '/',
        '//',
        '/token',
        '/..',
        '/.',
        '/%2e',
        '\\',
        '@',
        'user@',
        '?a=b',
        '#c',
        ' ',
        '.',
        'ü',
        '0x7f',
        '127.1',
        '\t',
        ';',
        ':',
        "'",
        '&',
        '=',
      );
      const url = fc.oneof(
        fc.webUrl(),
        fc.array(part, { maxLength: 7 }).map(parts => parts.join('')),
        fc.array(part, { maxLength: 5 }).map(parts => `https://as.example.my${parts.join('')}`),
      );
      fc.assert(
        fc.property(url, text => {
          const plain = toPlainUrl(text);
          if (plain === undefined) return;
          const parsed = new URL(text);
          assert.equal(parsed.origin + parsed.pathname, plain);
          assert.equal(parsed.username + parsed.password, '');
          const sent = new URL(toNodeUrl(text).href);
          assert.equal(sent.origin + sent.pathname, plain);
        }),
        { numRuns },
      );
    });

    it('a URL that is an endpoint goes to the host and path of that endpoint', () => {
      const endpoint = 'https://as.example.my/token';
      const junk = fc.array(
        fc.constantFrom(
          '/',
          '?',
          '#',
          '@',
          '\\',
          'evil.example',
          'https://',
          'as.example.my',
          '/token',
          ' ',
          '%2f',
          '..',
          ':',
          '\n',
          'x',
        ),
        { maxLength: 8 },
      );
      fc.assert(
        fc.property(junk, junk, (before, after) => {
          for (const text of [
            before.join('') + endpoint + after.join(''),
            endpoint.replace('/token', `${after.join('')}/token`),
          ]) {
            if (findEndpoint(text, { token_endpoint: endpoint }) === undefined) continue;
            const { origin, pathname } = new URL(text.trim());
            assert.equal(origin + pathname, endpoint, text);
          }
        }),
        { numRuns },
      );
    });

    it('metadata of any shape is taken for this issuer, or refused', () => {
      const issuer = 'https://as.example.my';
      const member = fc.oneof(fc.anything({ maxDepth: 1 }), fc.webUrl(), fc.constant(issuer));
      const document = fc.dictionary(
        fc.constantFrom('issuer', 'token_endpoint', 'introspection_endpoint', 'mtls_endpoint_aliases', '__proto__'),
        member,
      );
      const body = fc.oneof(
        fc.string({ maxLength: 50 }),
        fc.json({ maxDepth: 2 }),
        document.map(value => JSON.stringify(value) ?? ''),
      );
      fc.assert(
        fc.property(body, text => {
          const result = attempt(() => readMetadata(text, issuer));
          if (result instanceof ClientAuthError) return;
          assert.equal(JSON.parse(text).issuer, issuer);
          for (const url of Object.values(result.endpoints))
            assert.match(url, /^https:\/\/|^http:\/\/(127\.|localhost|\[::1\])/i);
        }),
        { numRuns },
      );
    });
  });
};
