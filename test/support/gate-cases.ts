// Random token requests and the like: how the collection writes them, what its scripts do before and after, and what is known of the
// authorization server. Each has paths of its own, so that many are sent in one run.

import fc from 'fast-check';
import { ENDPOINT_NAMES, type EndpointName } from '../../src/client-auth/authorization-server.ts';
import { ASSERTION_TYPE } from './script-runs.ts';

/** A script of a collection; it gets the URL of the endpoint. */
type Source = (url: string, name: EndpointName) => string;
/** Where the recorder listens. */
export type Place = { origin: string; port: string };
type Variables = Record<string, string>;

/** One request to an endpoint, or near one, with all that is around it. */
export type GateCase = {
  /** Words for a failure. */
  title: string;
  /** Whether it is one that must be authenticated, so that its run is green. */
  isPlain: boolean;
  /** Values of `token_endpoint_auth_method` that its server takes. */
  methods: string[];
  /** Whether variables name its endpoint; else only the metadata does. */
  isConfigured: boolean;
  /** Whether its URL is known to the first gate, in the spelling of the server. */
  hasPlainUrl: boolean;
  /** Whether scripts of folder and request may make something else of it, after the first gate. */
  isChanged: boolean;
  /** Whether a script of it sends a request that no script can see. */
  sendsItself: boolean;
  /** Paths of the endpoints. */
  endpoints: string[];
  /** Its environment and collection variables, set before it. */
  environment: Variables;
  collection: Variables;
  /** The metadata of its issuer. */
  metadata: object | undefined;
  /** A folder that holds the folder of the request. */
  item: object;
};

/** Paths that the endpoints have, below the path of the case. */
const PATHS = ['token', 'par', 'introspect', 'revoke', 'device_authorization', 'bc-authorize'];

const FIELDS: Record<EndpointName, [name: string, value: string]> = {
  token_endpoint: ['grant_type', 'client_credentials'],
  pushed_authorization_request_endpoint: ['response_type', 'code'],
  introspection_endpoint: ['token', 't'],
  revocation_endpoint: ['token', 't'],
  device_authorization_endpoint: ['scope', 'accounts'],
  backchannel_authentication_endpoint: ['login_hint', 'h'],
};

type Url = {
  /** The URL of the request. */
  write: (place: Place, path: string, name: EndpointName) => unknown;
  /** Variables that are set before. */
  environment?: (url: string, place: Place, name: EndpointName) => Variables;
  /** A script of the folder or of the request, which comes later. */
  later?: 'folder' | 'request';
  isPlain?: true;
};

const base = (_url: string, { origin }: Place): Variables => ({ base: origin });
const twisted = (toHost: (port: string) => string): Url => ({
  write: ({ port }, path) => `http://${toHost(port)}${path}`,
});
const bent = (toPath: (path: string) => string): Url => ({ write: ({ origin }, path) => origin + toPath(path) });
const parts = (path: string) => path.split('/').slice(1);

const URLS: Record<string, Url> = {
  literal: { ...bent(path => path), isPlain: true },
  variable: { write: (_place, _path, name) => `{{${name}}}`, isPlain: true },
  'other variable': { write: () => '{{as}}', environment: url => ({ as: url }), isPlain: true },
  'two variables': {
    write: () => '{{as}}',
    environment: (_url, _place, name) => ({ as: `{{${name}}}` }),
    isPlain: true,
  },
  base: { write: (_place, path) => `{{base}}${path}`, environment: base, isPlain: true },
  'base of the folder': { write: (_place, path) => `{{base}}${path}`, later: 'folder' },
  'base of the request': { write: (_place, path) => `{{base}}${path}`, later: 'request' },
  'path of the request': { write: ({ origin }) => `${origin}/{{path}}`, later: 'request' },
  'zeros in the port': twisted(port => `127.0.0.1:00${port}`),
  'short address': twisted(port => `127.1:${port}`),
  'address as number': twisted(port => `2130706433:${port}`),
  'hexadecimal address': twisted(port => `0x7f.0.0.1:${port}`),
  'octal address': twisted(port => `0177.0.0.01:${port}`),
  'wide digits': twisted(port => `１２７.0.0.1:${port}`),
  'wide full stops': twisted(port => `127。0.0.1:${port}`),
  'full stop at the end': twisted(port => `127.0.0.1.:${port}`),
  'percent-encoded host': twisted(port => `%31%32%37.0.0.1:${port}`),
  'scheme in upper case': { write: ({ origin }, path) => origin.replace('http', 'HTTP') + path, isPlain: true },
  'user name': twisted(port => `user:pass@127.0.0.1:${port}`),
  'empty user name': twisted(port => `@127.0.0.1:${port}`),
  'no scheme': { write: ({ port }, path) => `127.0.0.1:${port}${path}` },
  whitespace: { write: ({ origin }, path) => ` ${origin}${path} ` },
  backslashes: { write: ({ port }, path) => `http:\\\\127.0.0.1:${port}${path.replaceAll('/', '\\')}` },
  'one backslash': bent(path => path.replace(/\/(?=[^/]*$)/, '\\')),
  'a tab': bent(path => path.replace(/.$/, '\t$&')),
  'a line break': bent(path => path.replace(/.$/, '\n$&')),
  'three slashes': { write: ({ port }, path) => `http:///127.0.0.1:${port}${path}` },
  'dot segments': bent(path => `/x/../.${path}`),
  'dot segments in the middle': bent(path => path.replace(/\/(?=[^/]*$)/, '/y/../')),
  'encoded dot segments': bent(path => path.replace(/\/(?=[^/]*$)/, '/y/%2e%2E/')),
  'dot segment at the end': bent(path => `${path}/.`),
  'percent-encoding': bent(path => path.replace(/[a-z](?=[^/]*$)/, one => `%${one.charCodeAt(0).toString(16)}`)),
  'encoded slash': bent(path => path.replace(/\/(?=[^/]*$)/, '%2F')),
  'two slashes': bent(path => path.replace(/\/(?=[^/]*$)/, '//')),
  'slash at the end': bent(path => `${path}/`),
  'another case': bent(path => path.toUpperCase()),
  query: { ...bent(path => `${path}?a=1&b={{kid}}`), isPlain: true },
  'client_id in the query': bent(path => `${path}?client_id=client-1`),
  'client_secret in the query': bent(path => `${path}?client_secret=s`),
  fragment: bent(path => `${path}#x`),
  'path variable': {
    write: ({ origin, port }, path) => ({
      raw: `${origin}${path.replace(/[^/]*$/, ':what')}`,
      ...{ protocol: 'http', host: ['127', '0', '0', '1'], port },
      path: [...parts(path).slice(0, -1), ':what'],
      variable: [{ key: 'what', value: parts(path).at(-1) }],
    }),
  },
  object: {
    write: ({ origin, port }, path) => ({
      raw: origin + path,
      ...{ protocol: 'http', host: ['127', '0', '0', '1'], port, path: parts(path) },
    }),
    isPlain: true,
  },
  'object without query of its own': {
    write: ({ origin, port }, path) => ({
      raw: `${origin}${path}?a=1`,
      ...{ protocol: 'http', host: ['127', '0', '0', '1'], port, path: parts(path) },
      query: [
        { key: 'a', value: '1' },
        { key: 'client_secret', value: 's', disabled: true },
      ],
    }),
    isPlain: true,
  },
  'another path': bent(path => `${path}s`),
};

/** What the scripts of folders and requests do before; those that change nothing of client authentication are plain. */
const PLAIN_SCRIPTS: Source[] = [
  () => `console.log('hello');`,
  () => `pm.variables.set('unrelated', '1'); pm.environment.set('other', '2');`,
  () => `pm.request.headers.upsert({ key: 'x-fapi-interaction-id', value: 'x' });`,
  () =>
    `if (pm.request.body?.mode === 'urlencoded') pm.request.body.urlencoded.add({ key: 'scope', value: 'a+b%20ü&=' });`,
  () => `pm.request.headers.add({ key: 'Authorization', value: 'Bearer t' });`,
  url => `pm.sendRequest('${url.replace(/[^/]*$/, 'other')}', () => {});`,
  () => `setTimeout(() => console.log('late'), 2);`,
];

const field = (call: string, key: string, value = 'x') =>
  `pm.request.body?.urlencoded?.${call}(${call === 'remove' ? `'${key}'` : `{ key: '${key}', value: '${value}' }`});`;
const header = (key: string, value: string, call = 'upsert') =>
  `pm.request.headers.${call}({ key: '${key}', value: '${value}' });`;
const BASIC = `[{ key: 'username', value: 'u' }, { key: 'password', value: 'p' }]`;

const CLEAR = 'pm.variables.clear();';
const REMOVE_TYPE = `pm.request.headers.remove('Content-Type');`;

const SCRIPTS: Source[] = [
  ...PLAIN_SCRIPTS,
  () => field('add', 'client_assertion', 'made.by.collection'),
  () => field('add', 'client_assertion_type', ASSERTION_TYPE),
  () => field('add', 'client_id', 'client-1'),
  () => field('add', 'client_secret'),
  () => field('add', 'client%5Fsecret'),
  () => field('add', 'client%5Fassertion'),
  () => field('add', ' client_assertion'),
  () => `pm.variables.set('name', 'client_assertion'); ${field('add', '{{name}}')}`,
  () =>
    `pm.variables.set('more', 'client_secret=s'); if (pm.request.body?.mode === 'raw') pm.request.body.raw += '&{{more}}';`,
  () => `if (pm.request.body?.mode === 'raw') pm.request.body.raw += '&client_assertion=a.b.c';`,
  () =>
    `if (pm.request.body?.mode === 'raw') pm.request.body.raw = pm.request.body.raw.replace(/client_assertion=[^&]*/, '');`,
  () => field('upsert', 'client_assertion', 'a.b.c'),
  () => field('upsert', 'client_id', 'other'),
  () => field('upsert', 'client_assertion_type', 'x'),
  () => field('remove', 'client_assertion'),
  () => field('remove', 'client_assertion_type'),
  () => field('remove', 'client_id'),
  () => `const one = pm.request.body?.urlencoded?.one('client_assertion'); if (one) one.disabled = true;`,
  () =>
    `const one = pm.request.body?.urlencoded?.one('client_assertion'); if (one) one.value = one.value.slice(0, -9);`,
  () => `const one = pm.request.body?.urlencoded?.one('client_assertion'); if (one) one.value += ' ';`,
  () =>
    `const one = pm.request.body?.urlencoded?.one('client_assertion'); if (one) one.value = one.value.replace(/.$/, '{{unrelated}}');`,
  () => `const one = pm.request.body?.urlencoded?.one('client_assertion'); if (one) pm.globals.set('kept', one.value);`,
  () => `if (pm.globals.get('kept')) ${field('upsert', 'client_assertion', '{{kept}}')}`,
  () => `pm.request.body = { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'x' }] };`,
  () => `pm.request.body?.update({ mode: 'raw', raw: 'grant_type=x' });`,
  () => `pm.request.body = { mode: 'raw', raw: '{"grant_type":"x"}' }; ${header('Content-Type', 'application/json')}`,
  () => `pm.request.body = { mode: 'formdata', formdata: [{ key: 'grant_type', value: 'x', type: 'text' }] };`,
  () => `if (pm.request.body) pm.request.body.mode = 'raw';`,
  () => `if (pm.request.body) { pm.request.body.mode = 'raw'; pm.request.body.raw = 'grant_type=x'; }`,
  () => `if (pm.request.body) pm.request.body.mode = 'formdata';`,
  () => `if (pm.request.body) pm.request.body.raw = 'grant_type=x';`,
  () => `if (pm.request.body) pm.request.body.disabled = true;`,
  () => `pm.request.body?.urlencoded?.clear();`,
  () => `pm.request.body?.update({ mode: 'raw', raw: '' });`,
  () => header('Authorization', 'Basic dTpw'),
  () => header('Authorization', 'Digest x', 'add'),
  () => header('authorization ', 'basic dTpw', 'add'),
  () => `pm.variables.set('basic', 'Basic dTpw'); ${header('Authorization', '{{basic}}')}`,
  () => `pm.request.auth = { type: 'basic', basic: ${BASIC} };`,
  () => `pm.request.auth = { type: 'bearer', bearer: [{ key: 'token', value: 't' }] };`,
  () => header('Content-Length', '6'),
  () => header('content-length', '5', 'add'),
  () => header('Content-Type', 'application/json'),
  () => header('Content-Type', 'text/plain'),
  () => header('Content-Type', 'application/x-www-form-urlencoded;charset=utf-8', 'add'),
  () => REMOVE_TYPE,
  () => header('Transfer-Encoding', 'chunked'),
  () => `pm.request.method = 'POST';`,
  () => `pm.request.method = 'post';`,
  () => `pm.request.method = 'PUT';`,
  () => `pm.request.method = '{{LATE}}'; pm.variables.set('LATE', 'post');`,
  url => `pm.request.url = '${url}';`,
  url => `pm.request.url.update('${url}');`,
  url => `pm.request.update({ method: 'POST', url: '${url}', body: pm.request.body });`,
  url => `pm.request.url = '${url.replace('127.0.0.1', '127.1')}';`,
  url => `pm.request.url = '${url.replace('//', '//u:p@')}';`,
  () => `pm.request.url.addQueryParams('client_secret=s');`,
  () => `pm.request.url.addQueryParams('client_assertion=a.b.c');`,
  () => `pm.request.url.query.add({ key: 'a', value: 'b' });`,
  (url, name) => `pm.variables.set('${name}', '${url}');`,
  (url, name) => `pm.environment.set('${name}', '${url}');`,
  () => `pm.variables.set('client_id', 'other');`,
  () => `pm.environment.set('token_endpoint_auth_method', 'private_key_jwt');`,
  () => `pm.environment.set('existing_client_authentication', 'replace');`,
  () => CLEAR,
  () => `setTimeout(() => { ${field('add', 'client_assertion')} }, 2);`,
  () => `Promise.resolve().then(() => { ${field('remove', 'client_assertion')} });`,
  () => `pm.sendRequest('{{origin}}/other', () => { ${header('Authorization', 'Basic dTpw')} });`,
  () => 'pm.execution.skipRequest();',
  () => `throw new Error('of the collection');`,
];

/** Scripts that send a request to the endpoint by themselves: only `run` can see it. */
const SENDING: Source[] = [
  '',
  `, { key: 'client_id', value: 'client-1' }`,
  `, { key: 'client_assertion', value: 'x' }`,
].map(
  more => url =>
    `pm.sendRequest({ url: '${url}', method: 'POST', header: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'x' }${more}] } }, () => {});`,
);

const AFTER: Source[] = [
  () => `console.log(pm.response.code);`,
  () => `pm.environment.set('access_token', 'x');`,
  () => `pm.request.method = 'GET'; pm.request.body = undefined;`,
  () => `pm.test('has answered', () => pm.response.to.have.status(200));`,
  (_url, name) => `pm.environment.unset('${name}'); pm.variables.clear();`,
];

const HEADERS: [name: string, value: string][] = [
  ['Content-Length', '6'],
  ['content-length', '0'],
  ['{{length}}', '5'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['content-type', 'application/x-www-form-urlencoded; charset=UTF-8'],
  ['Content-Type', 'application/json'],
  ['Content-Type', '{{type}}'],
  ['Authorization', 'Basic dTpw'],
  ['Authorization', 'Bearer t'],
  ['authorization', 'digest x'],
  ['Authorization', '{{missing}}'],
  ['Accept', 'application/json'],
  ['Transfer-Encoding', 'chunked'],
];
/** Those that say nothing of client authentication, or are dropped. */
const PLAIN_HEADERS = HEADERS.filter(
  ([name, value]) => name !== 'content-length' && /^(6|Bearer t|.*form-urlencoded.*)$/.test(value),
);

const pairsOf = (type: string): object => ({
  type,
  [type]: Object.entries({ username: 'u', password: 'p', token: 't', key: 'k', value: 'v' }).map(([key, value]) => ({
    key,
    value,
  })),
});
type Auth = object | undefined;
const AUTHS: Auth[] = [undefined, { type: 'noauth' }, ...['basic', 'bearer', 'digest', 'apikey'].map(pairsOf)];

/** Bodies, by name; those of forms are plain. */
const toBody = (mode: string, [name, value]: [string, string]): { body?: object; contentType?: string } => {
  const fields = [{ key: name, value }];
  switch (mode) {
    case 'form':
      return { body: { mode: 'urlencoded', urlencoded: fields } };
    case 'form with its client':
      return { body: { mode: 'urlencoded', urlencoded: [...fields, { key: 'client_id', value: '{{client_id}}' }] } };
    case 'form with a rest of authentication':
      return {
        body: {
          mode: 'urlencoded',
          urlencoded: [
            ...fields,
            { key: 'client_assertion', value: '{{jwt}}' },
            { key: 'client_secret', value: 's', disabled: true },
            { key: 'x', value: 'ü&=+ %41' },
          ],
        },
      };
    case 'form with a secret':
      return { body: { mode: 'urlencoded', urlencoded: [...fields, { key: 'client_secret', value: 's' }] } };
    case 'raw form':
      return {
        body: { mode: 'raw', raw: `${name}=${value}&x=%C3%BC+1` },
        contentType: 'application/x-www-form-urlencoded',
      };
    case 'raw form with a client':
      return {
        body: { mode: 'raw', raw: `client_id=other&client%5Fassertion=x&${name}=${value}` },
        contentType: 'Application/X-WWW-form-urlencoded; charset=utf-8',
      };
    case 'raw text':
      return { body: { mode: 'raw', raw: `${name}=${value}` } };
    case 'JSON':
      return { body: { mode: 'raw', raw: JSON.stringify({ [name]: value }) }, contentType: 'application/json' };
    case 'JSON by its language':
      return {
        body: { mode: 'raw', raw: JSON.stringify({ [name]: value }), options: { raw: { language: 'json' } } },
      };
    case 'multipart':
      return { body: { mode: 'formdata', formdata: fields.map(one => ({ ...one, type: 'text' })) } };
    case 'disabled':
      return { body: { mode: 'urlencoded', urlencoded: fields, disabled: true } };
    case 'GraphQL':
      return { body: { mode: 'graphql', graphql: { query: `{ ${name} }` } } };
    default:
      return {};
  }
};
const PLAIN_BODIES = ['form', 'form', 'form with its client', 'form with a rest of authentication', 'raw form'];
const BODIES = [
  ...[...PLAIN_BODIES, 'raw form with a client', 'form with a secret', 'raw text', 'JSON', 'JSON by its language'],
  ...['multipart', 'disabled', 'GraphQL', 'none'],
];

const KNOWLEDGE = [
  'configured',
  'in the collection',
  'discovered',
  'aliased',
  'partial',
  'configured by another variable',
];
const PROFILES: { disabledSystemHeaders?: object; disableUrlEncoding?: boolean }[] = [
  {},
  {},
  {},
  { disabledSystemHeaders: { 'content-type': true } },
  { disabledSystemHeaders: { 'content-length': true } },
  { disableUrlEncoding: true },
];

const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const often = <T>(plain: readonly T[], all: readonly T[]) =>
  fc.oneof({ arbitrary: oneOf(plain), weight: 2 }, { arbitrary: oneOf(all), weight: 1 });
const some = <T>(values: readonly T[], maxLength: number) => fc.array(oneOf(values), { maxLength });

const common = {
  name: fc.oneof({ arbitrary: fc.constant('token_endpoint' as const), weight: 2 }, oneOf(ENDPOINT_NAMES)),
  knowledge: oneOf(KNOWLEDGE),
  isByCertificate: fc.nat(4).map(one => one === 0),
};
const nothing = <T>(): fc.Arbitrary<T[]> => fc.constant([]);
const description = fc.record({
  ...common,
  isPlain: fc.constant<boolean>(false),
  existing: oneOf<string | undefined>([undefined, 'refuse', 'replace', 'replace']),
  method: often(['POST'], ['post', '{{VERB}}', '{{verb}}', '{{LATE}}', 'GET', 'PUT']),
  url: often(['literal', 'variable', 'base'], Object.keys(URLS)),
  body: often(PLAIN_BODIES, BODIES),
  headers: fc.oneof(nothing<(typeof HEADERS)[number]>(), some(HEADERS, 2)),
  auth: often<Auth>([undefined], AUTHS),
  folderAuth: often<Auth>([undefined], AUTHS),
  folderScripts: fc.oneof(nothing<Source>(), some(SCRIPTS, 1)),
  scripts: fc.oneof(nothing<Source>(), some(SCRIPTS, 2)),
  sending: fc.oneof({ arbitrary: nothing<Source>(), weight: 12 }, { arbitrary: some(SENDING, 1), weight: 1 }),
  after: some(AFTER, 1),
  profile: oneOf(PROFILES),
});
const plainDescription: typeof description = fc.record({
  ...common,
  isPlain: fc.constant<boolean>(true),
  existing: oneOf<string | undefined>([undefined, 'refuse', 'replace']),
  method: oneOf(['POST', 'POST', 'post', '{{VERB}}']),
  url: oneOf(Object.keys(URLS).filter(name => URLS[name]?.isPlain)),
  body: oneOf(PLAIN_BODIES),
  headers: some(PLAIN_HEADERS, 2),
  auth: oneOf<Auth>([undefined, { type: 'noauth' }]),
  folderAuth: oneOf(AUTHS),
  folderScripts: some(PLAIN_SCRIPTS, 1),
  scripts: some(PLAIN_SCRIPTS, 2),
  sending: nothing<Source>(),
  after: some(AFTER, 1),
  profile: fc.constant({}),
});
type Description = typeof description extends fc.Arbitrary<infer T> ? T : never;

const toEvents = (before: string[], after: string[] = []) => [
  ...before.map(source => ({ listen: 'prerequest', script: { exec: source.split('\n') } })),
  ...after.map(source => ({ listen: 'test', script: { exec: source.split('\n') } })),
];

/** What is known of the server before the request. */
const toServer = (
  one: Description,
  place: Place,
  root: string,
): Pick<GateCase, 'environment' | 'metadata'> & { collection?: Variables } => {
  const { name, knowledge } = one;
  const url = `${place.origin}${root}`;
  const all = Object.fromEntries(ENDPOINT_NAMES.map((endpoint, index) => [endpoint, `${url}/${PATHS[index]}`]));
  const own = { [name]: all[name] as string, token_endpoint: all.token_endpoint as string };
  const metadata = { issuer: url, ...all };
  switch (knowledge) {
    case 'discovered':
      return { environment: { issuer: url }, metadata };
    case 'aliased': {
      const { [name]: main } = all;
      const alias = { [name]: `${main}-mtls` };
      return { environment: { issuer: url }, metadata: { ...metadata, mtls_endpoint_aliases: alias } };
    }
    case 'partial': {
      const other = ENDPOINT_NAMES.find(endpoint => endpoint !== name) as EndpointName;
      return { environment: { issuer: url, [other]: all[other] as string }, metadata };
    }
    case 'configured by another variable':
      return {
        environment: { ...own, [name]: `{{root}}/${all[name]?.slice(url.length + 1)}`, root: url },
        metadata: undefined,
      };
    case 'in the collection':
      return { environment: {}, collection: own, metadata: undefined };
    default:
      return { environment: own, metadata: undefined };
  }
};

const toCase = (one: Description, index: number, place: Place): GateCase => {
  const { name, isPlain, existing, method, body, headers, auth, folderAuth, profile, isByCertificate } = one;
  const root = `/c${index}`;
  const path = `${root}/${PATHS[ENDPOINT_NAMES.indexOf(name)]}`;
  const endpointUrl = place.origin + path;
  const form = URLS[one.url] as Url;
  const { environment, collection = {}, metadata } = toServer(one, place, root);
  // `run` reads the metadata of issuers before it, not of those that scripts set.
  const sending = metadata ? [] : one.sending;
  const late = `pm.variables.set('base', '${place.origin}'); pm.variables.set('path', '${path.slice(1)}');`;
  const isTypeOff = 'content-type' in Object(profile.disabledSystemHeaders);
  const toSources = (sources: Source[]) =>
    sources
      .map(source => source(endpointUrl, name))
      // What nothing but the metadata names is forgotten with it.
      .filter(source => !(metadata && source === CLEAR))
      .filter(source => !(isTypeOff && source === REMOVE_TYPE));
  const { contentType, body: written } = toBody(body, FIELDS[name]);
  // A host that has no body to send waits for the rest of its length.
  const others = headers.filter(([key]) => written || !/length/i.test(key));
  const types = contentType ? [{ key: 'Content-Type', value: contentType }] : [];
  const request = {
    method,
    url: form.write(place, path, name),
    header: [...types, ...others.map(([key, value]) => ({ key, value }))],
    ...(written && { body: written }),
    ...(auth && { auth }),
  };
  const before = (level: Url['later'], sources: Source[]) => [
    ...(form.later === level ? [late] : []),
    ...toSources(sources),
  ];
  const item = {
    name: `${index} request`,
    event: toEvents([...before('request', one.scripts), ...toSources(sending)], toSources(one.after)),
    // A form of the collection's own with client_id alone is right by itself: nobody sees that it lacks its Content-Type.
    protocolProfileBehavior: isByCertificate && isTypeOff ? {} : profile,
    request,
  };
  const authMethod = isByCertificate ? 'tls_client_auth' : 'private_key_jwt';
  const folder = {
    name: `${index} folder`,
    event: toEvents(before('folder', one.folderScripts)),
    ...(folderAuth && { auth: folderAuth }),
    item: [item],
  };
  return {
    title: JSON.stringify({ ...one, folder, environment, collection }),
    isPlain,
    // What a script sets before ours is a setting as any other.
    methods: [authMethod, ...(/_auth_method/.test(JSON.stringify(folder)) ? ['private_key_jwt'] : [])],
    isConfigured: metadata === undefined,
    hasPlainUrl: form.isPlain ?? false,
    isChanged: one.folderScripts.length + one.scripts.length > 0 || form.later !== undefined,
    sendsItself: sending.length > 0,
    endpoints: PATHS.map(endpoint => `${root}/${endpoint}`).concat(`${path}-mtls`),
    environment: {
      ...environment,
      ...form.environment?.(endpointUrl, place, name),
      ...{ token_endpoint_auth_method: authMethod, VERB: 'post', length: 'Content-Length' },
      ...{ type: 'application/x-www-form-urlencoded', jwt: 'a.b.c', origin: place.origin },
      ...(existing && { existing_client_authentication: existing }),
    },
    collection,
    metadata,
    item: folder,
  };
};

/** Gives as many cases, a third of them plain; the same for the same seed. */
export const createCases = (count: number, seed: number, place: Place): GateCase[] =>
  fc
    .sample(fc.oneof({ arbitrary: description, weight: 2 }, { arbitrary: plainDescription, weight: 1 }), {
      numRuns: count,
      seed,
    })
    .map((one, index) => toCase(one as Description, index, place));
