// A request of a v12 collection as the collection format v2.1 has it. Pure, on the machine. Measured with Postman's command line:
// parameters of `queryParams` come after those that only the URL has; a GET sends its body.

import { CommandError } from '../command.ts';
import { isObject, type Json } from './findings.ts';
import { mustBe, type Pair, toMap, toPairs, toText, withText } from './yaml-fields.ts';

/** The request of an item, and how it is sent. */
export interface FoldedRequest {
  request: Json;
  protocolProfileBehavior: Json;
}

/**
 * Folds a file of `$kind: http-request`.
 *
 * @param auth what {@link foldAuth} makes of its `auth`
 * @throws CommandError when a field is of another kind
 */
export function foldRequest(file: Json, auth: Json | undefined): FoldedRequest {
  const body = foldBody(toMap(file.body, 'body'));
  const request = {
    method: toText(file.method, 'method') || 'GET',
    url: foldUrl(
      toText(file.url, 'url'),
      toPairs(file.queryParams, 'queryParams'),
      toPairs(file.pathVariables, 'pathVariables'),
    ),
    header: toPairs(file.headers, 'headers').map(withText),
    ...(body && { body }),
    ...(auth && { auth }),
    ...describe(file),
  };
  return { request, protocolProfileBehavior: foldSettings(toMap(file.settings, 'settings'), body !== undefined) };
}

/** The member `description`, where there is one. */
export const describe = ({ description }: Json): Json => (typeof description === 'string' ? { description } : {});

/** Text without any of the characters, except inside of {{…}}. */
const except = (characters: string) => `((?:[^${characters}{]|\\{\\{[^{}]*\\}\\}|\\{(?!\\{[^{}]*\\}\\}))*)`;
const URL_PARTS = new RegExp(
  `^(?:${except('/?#:')}://)?${except('/?#:')}(?::${except('/?#')})?(?:/${except('?#')})?(?:\\?${except('#')})?(?:#(.*))?$`,
  's',
);

function foldUrl(raw: string, params: Pair[], variables: Pair[]): Json {
  const [, protocol, host = '', port, path, search, hash] = URL_PARTS.exec(raw) ?? [];
  const query = mergeQuery(search, params);
  return {
    raw,
    ...(protocol && { protocol }),
    host: [host],
    ...(port && { port }),
    ...(path !== undefined && { path: path.split('/') }),
    ...(query.length > 0 && { query }),
    ...(hash !== undefined && { hash }),
    ...(variables.length > 0 && { variable: variables.map(withText) }),
  };
}

function mergeQuery(search: string | undefined, params: Pair[]): Pair[] {
  const named = new Set(params.map(({ key }) => key));
  const own = (search === undefined || search === '' ? [] : search.split('&')).map(text => {
    const at = text.indexOf('=');
    return at < 0 ? { key: text, value: null } : { key: text.slice(0, at), value: text.slice(at + 1) };
  });
  return [...own.filter(({ key }) => !named.has(key)), ...params];
}

const RAW_TYPES = ['json', 'text', 'xml', 'html', 'javascript'];

function foldBody({ type, content }: Json): Json | undefined {
  const field = 'body.content';
  if (type === undefined || type === null || type === 'none') return undefined;
  if (typeof type === 'string' && RAW_TYPES.includes(type)) {
    return { mode: 'raw', raw: toText(content, field), options: { raw: { language: type } } };
  }
  switch (type) {
    case 'urlencoded':
      return { mode: 'urlencoded', urlencoded: toPairs(content, field).map(withText) };
    case 'formdata':
      return {
        mode: 'formdata',
        formdata: toPairs(content, field).map(pair =>
          pair.type === 'file' ? pair : { ...withText(pair), type: 'text' },
        ),
      };
    case 'file':
      return { mode: 'file', file: toMap(content, field) };
    case 'graphql':
      return { mode: 'graphql', graphql: toMap(content, field) };
  }
  if (typeof type !== 'string') throw mustBe('body.type', 'text', type);
  throw new CommandError(
    `"body.type" must be urlencoded, formdata, file, graphql, none, or one of ${RAW_TYPES.join(', ')}. Correct it.`,
  );
}

/** The settings of v12 have the names of v2.1; only the headers that are not to be sent are a list. */
function foldSettings(settings: Json, hasBody: boolean): Json {
  const { disabledSystemHeaders: headers, ...others } = settings;
  return {
    ...others,
    ...(headers !== undefined && {
      disabledSystemHeaders: Array.isArray(headers)
        ? Object.fromEntries(headers.map(name => [toText(name, 'settings.disabledSystemHeaders'), true]))
        : toMap(headers, 'settings.disabledSystemHeaders'),
    }),
    ...(hasBody && { disableBodyPruning: true }),
  };
}

/**
 * Folds the `auth` of a file. Of a list, the last entry is the one that is used.
 *
 * @returns undefined where that of the folder around it holds
 */
export function foldAuth(value: unknown): Json | undefined {
  const chosen = Array.isArray(value) ? value.at(-1) : value;
  const auth = toMap(chosen, 'auth');
  const type = toText(auth.type, 'auth.type');
  if (type === '' || type === 'inherit') return undefined;
  if (type === 'noauth') return { type };
  const { credentials } = auth;
  // Not as text: a credential may be a boolean, or a list of parameters.
  const pairs = Array.isArray(credentials)
    ? credentials.filter(isObject)
    : Object.entries(toMap(credentials, 'auth.credentials')).map(([key, one]) => ({ key, value: one }));
  return { type, [type]: pairs };
}
