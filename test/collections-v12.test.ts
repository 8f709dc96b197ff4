// Our collection and environment as files of Postman v12: that they hold what the JSON files hold, have the scripts in them, and
// work from top to bottom by each method, with reports.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { foldCollection } from '../src/cli/collection/yaml-fold.ts';
import { readFolder } from '../src/cli/collection/yaml-folder.ts';
import { startAuthorizationServer } from '../src/demo/authorization-server.ts';
import { writeCredentialFiles } from '../src/demo/credential-files.ts';
import { scripts } from './support/collections.ts';
import { runCommand } from './support/command-line.ts';
import { createFolder, type Folder } from './support/workplace.ts';

const pathOf = (path: string) => fileURLToPath(new URL(`../collections/${path}`, import.meta.url));
const root = pathOf('v12/postman/collections/PayNet client authentication');
const environment = pathOf('v12/postman/environments/PayNet sandbox.environment.yaml');
const source = JSON.parse(readFileSync(pathOf('source/paynet.postman_collection.json'), 'utf8'));

type Item = {
  name: string;
  description?: string;
  item?: Item[];
  event?: { listen: string; script: { exec: string[] } }[];
  request?: { url: { raw: string; query?: object[] }; body?: { urlencoded: object[] }; [name: string]: unknown };
  response?: unknown;
  protocolProfileBehavior?: Record<string, unknown>;
};

/** What both have in the same form: not how a URL is split, and no type of a field. */
const comparable = ({ name, description, item, event = [], request, protocolProfileBehavior = {} }: Item): object => ({
  name,
  description,
  event: event.map(({ listen, script }) => [
    listen,
    script.exec.join('\n').replace(`\n${scripts.preRequest.trimEnd()}`, ''),
  ]),
  items: item?.map(comparable),
  request: request && {
    ...JSON.parse(JSON.stringify({ ...request, body: undefined }).replaceAll(',"type":"string"', '')),
    url: [request.url.raw, request.url.query],
    form: request.body?.urlencoded.map(field => ({ ...field, type: undefined })),
  },
  redirects: protocolProfileBehavior.followRedirects,
});

describe('the collection as a folder of Postman v12', () => {
  let folder: Folder;
  before(() => {
    folder = createFolder();
  });
  after(() => folder.remove());

  it('folds into what the source is, with the scripts in it', async () => {
    const { collection, not } = foldCollection(await readFolder(root));
    const { info, variable, item } = collection as { info: object; variable: object[]; item: Item[] };
    assert.deepEqual(not, { requests: [], scripts: [] });
    assert.deepEqual(info, source.info);
    assert.deepEqual(variable, source.variable);
    const own = ({ event = [], ...one }: Item): Item => ({
      ...one,
      ...(one.item && { item: one.item.map(own) }),
      event: event.filter(({ script }) => script.exec.join('\n') !== scripts.preRequest.trimEnd()),
    });
    assert.deepEqual(item.map(own).map(comparable), source.item.map(comparable));
    const { name, values } = JSON.parse(readFileSync(pathOf('source/paynet.postman_environment.json'), 'utf8'));
    assert.deepEqual(parse(readFileSync(environment, 'utf8')), { name, values });
  });

  it('has the scripts in their places, and no secret', async () => {
    assert.equal((await runCommand(['inject', '--check', root])).code, 0);
    assert.equal((await runCommand(['check', root])).code, 0);
  });

  const ways: [way: string, audience: 'token_endpoint' | 'issuer', method: string][] = [
    ['private_key_jwt with the token endpoint as audience', 'token_endpoint', 'private_key_jwt'],
    ['private_key_jwt with the issuer as audience', 'issuer', 'private_key_jwt'],
    ['tls_client_auth', 'token_endpoint', 'tls_client_auth'],
  ];
  for (const [way, audience, method] of ways) {
    it(`passes from top to bottom by ${way}, with reports of two kinds`, async t => {
      const server = await startAuthorizationServer({ audience });
      const files = writeCredentialFiles(server.credentials);
      t.after(async () => {
        files.remove();
        await server.close();
      });
      const { privateKeyJwt, tlsClientAuth } = server.clients;
      const changes: Record<string, string> = {
        issuer: server.issuer,
        client_id: (method === 'tls_client_auth' ? tlsClientAuth : privateKeyJwt).client_id,
        kid: privateKeyJwt.kid,
        token_endpoint_auth_method: method,
        client_assertion_audience: audience,
      };
      const { values, ...others } = parse(readFileSync(environment, 'utf8'));
      const filled = values.map((one: { key: string }) => ({
        ...one,
        value: changes[one.key] ?? (one as { value?: string }).value,
      }));
      const [xml, html] = [folder.path(`${audience} ${method}.xml`), folder.path(`${audience} ${method}.html`)];
      const { code, stdout, stderr } = await runCommand([
        ...['run', root, '-e', folder.write('own.environment.yaml', stringify({ ...others, values: filled }))],
        ...['--signing-key', folder.write('key.pem', privateKeyJwt.signingKey)],
        ...[
          '--env-var',
          `redirect_uri=${server.redirectUri}`,
          '--env-var',
          `resource_server_url=${server.resourceServerUrl}`,
        ],
        ...['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, '--ssl-extra-ca-certs', files.ca],
        ...['--reporters', 'junit,htmlextra', '--reporter-junit-export', xml, '--reporter-htmlextra-export', html],
      ]);
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(
        server.verified.map(({ endpoint, grantType = '' }) => `${endpoint} ${grantType}`.trim()),
        [
          'token_endpoint client_credentials',
          'pushed_authorization_request_endpoint',
          'token_endpoint authorization_code',
          'token_endpoint refresh_token',
          'introspection_endpoint',
          'revocation_endpoint',
        ],
      );
      assert.equal(readFileSync(xml, 'utf8').match(/<testsuite /g)?.length, 10);
      assert.match(readFileSync(html, 'utf8'), /PayNet client authentication/);
    });
  }
});
