// How the collection and the environment of collections/ become files of Postman v12: a folder of YAML, laid out as in the directory of
// a workspace. On the machine. Only what our own collection has is known; anything else stops the build.

import { stringify } from 'yaml';
import type { Listen } from '../src/cli/collection/script-text.ts';
import { toInjected } from '../src/cli/collection/yaml-changes.ts';
import { type CollectionFolder, filesOf, toYamlFile } from '../src/cli/collection/yaml-folder.ts';
import { TYPE_BY_EVENT } from '../src/cli/collection/yaml-scripts.ts';
import type { Scripts } from '../src/cli/command.ts';

type Pair = { key: string; value: string; description?: string; type?: string };
type Url = { raw: string; query?: Pair[] };
type Request = {
  method: string;
  url: Url;
  header: Pair[];
  description?: string;
  auth?: { type: string; bearer?: Pair[] };
  body?: { mode: string; urlencoded: Pair[] };
};
type Example = { name: string; originalRequest: Request; code: number; status: string; header: Pair[]; body: string };
type Item = {
  name: string;
  description?: string;
  item?: Item[];
  event?: { listen: Listen; script: { exec: string[] } }[];
  request?: Request;
  response?: Example[];
  protocolProfileBehavior?: object;
};
type Collection = Item & { info: { name: string; description: string; _postman_id: string }; variable: Pair[] };
type Environment = { name: string; values: (Pair & { enabled: boolean })[] };
type File = { path: string; text: string };

const toText = (value: object): string => stringify(value, { lineWidth: 0, blockQuote: 'literal' });

/** The environment. */
export const toV12Environment = ({ name, values }: Environment): File => ({
  path: `postman/environments/${name}.environment.yaml`,
  text: toText({ name, values }),
});

/** The collection with the scripts: behind those of each request, because Postman drops what one of the collection changes there. */
export function toV12Collection({ info, item, variable }: Collection, scripts: Scripts): File[] {
  const root = `postman/collections/${info.name}`;
  const examples: File[] = [];
  const head = { id: info._postman_id, name: info.name, description: info.description, variables: variable };
  const folder = toFolder(root, info.name, head, item ?? [], examples);
  const changes = toInjected(root, folder, scripts, true);
  const files = [...filesOf(folder)].map(({ path, text }) => ({ path, text: changes.get(path)?.text ?? text }));
  return [...files, ...examples];
}

/** Between siblings, so that there is room for one more. */
const STEP = 1000;

function toFolder(path: string, name: string, head: object, items: Item[], examples: File[]): CollectionFolder {
  const definition = toYamlFile(`${path}/.resources/definition.yaml`, toText({ $kind: 'collection', ...head }));
  const folder: CollectionFolder = {
    path,
    name,
    hasResources: true,
    definition,
    requests: [],
    folders: [],
  };
  for (const [index, one] of items.entries()) {
    const order = (index + 1) * STEP;
    if (one.item) {
      const own = { description: one.description, order };
      folder.folders.push(toFolder(`${path}/${one.name}`, one.name, own, one.item, examples));
    } else {
      folder.requests.push(toYamlFile(`${path}/${one.name}.request.yaml`, toText(toRequest(one, order))));
      examples.push(...toExamples(`${path}/.resources/${one.name}.resources/examples`, one.response ?? []));
    }
  }
  return folder;
}

const toRequest = ({ name, request, event = [], protocolProfileBehavior }: Item, order: number) => {
  if (!request) throw new Error(`${name} is neither a folder nor a request`);
  const { auth, description } = request;
  return {
    $kind: 'http-request',
    description,
    ...toSent(request),
    ...(auth && { auth: { type: auth.type, ...(auth.bearer && { credentials: toMap(auth.bearer) }) } }),
    scripts: event.map(({ listen, script }) => ({
      type: TYPE_BY_EVENT[listen],
      language: 'text/javascript',
      code: script.exec.join('\n'),
    })),
    ...(protocolProfileBehavior && { settings: protocolProfileBehavior }),
    examples: `./.resources/${name}.resources/examples`,
    order,
  };
};

/** What a request and the request of an example have in common. */
const toSent = ({ url, method, header, body }: Request) => {
  if (body && body.mode !== 'urlencoded') throw new Error(`a body of the mode ${body.mode} is not known`);
  return {
    url: url.raw,
    method,
    ...(header.length > 0 && { headers: header.map(toEntry) }),
    ...(url.query && { queryParams: url.query.map(toEntry) }),
    ...(body && { body: { type: 'urlencoded', content: body.urlencoded.map(toEntry) } }),
  };
};

const toEntry = ({ key, value, description }: Pair) => ({ key, value, ...(description && { description }) });
const toMap = (pairs: Pair[]) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

const toExamples = (path: string, examples: Example[]): File[] =>
  examples.map(({ name, originalRequest, code, status, header, body }, index) => ({
    path: `${path}/${name}.example.yaml`,
    text: toText({
      $kind: 'http-example',
      request: toSent(originalRequest),
      response: {
        statusCode: code,
        statusText: status,
        headers: toMap(header),
        body: { type: JSON.stringify(header).includes('json') ? 'json' : 'text', content: body },
      },
      order: (index + 1) * STEP,
    }),
  }));
