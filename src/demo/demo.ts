// The demo: two authorization servers, one for each reading of `aud`, and three runs of the collection against them.
// Everything happens on loopback, with certificates made for the occasion. Runs in Node, but knows no `process`.

import { type AuthorizationServer, startAuthorizationServer, type Verified } from './authorization-server.ts';
import { createCredentials, toSubjectDn } from './certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from './credential-files.ts';
import { type createReport, type DemoRun, isAt, places } from './report.ts';
import { providersPath } from './resource-server.ts';
import { runCollection } from './run-collection.ts';

/** A Postman environment, as far as it matters here. */
export type Environment = { name?: string; values: { key: string; value: unknown; enabled?: boolean }[] };

export type DemoOptions = {
  /** The collection with the script in it. */
  collection: object;
  /** The environment that comes with it; its values are filled in for each run. */
  environment: Environment;
  report: ReturnType<typeof createReport>;
  print: (text: string) => void;
  /** Told of the files with the certificates, so that they can be removed if the demo is interrupted. */
  onFiles: (files: CredentialFiles) => void;
};

type Scenario = {
  name: string;
  server: AuthorizationServer;
  variables: Record<string, string>;
  /** What the client assertions must hold; undefined without assertions. */
  kid: string | undefined;
  aud: string | undefined;
};

const fill = (environment: Environment, variables: Record<string, string>): Environment => {
  const rest = { ...variables };
  const values = environment.values.map(variable => {
    const value = rest[variable.key] ?? variable.value;
    delete rest[variable.key];
    return { ...variable, value };
  });
  return {
    ...environment,
    values: [...values, ...Object.entries(rest).map(([key, value]) => ({ key, value, enabled: true }))],
  };
};

function toScenarios(tokenEndpointServer: AuthorizationServer, issuerServer: AuthorizationServer): Scenario[] {
  const common = (server: AuthorizationServer) => ({
    issuer: server.issuer,
    // With tls_client_auth too: it signs the request object.
    kid: server.clients.privateKeyJwt.kid,
    signing_key: server.clients.privateKeyJwt.signingKey,
    redirect_uri: server.redirectUri,
    resource_server_url: server.resourceServerUrl,
  });
  const privateKeyJwt = (server: AuthorizationServer, audience: string): Scenario => ({
    name: `private_key_jwt, aud = ${audience}`,
    server,
    kid: server.clients.privateKeyJwt.kid,
    aud: server.audience,
    variables: {
      ...common(server),
      token_endpoint_auth_method: 'private_key_jwt',
      client_id: server.clients.privateKeyJwt.client_id,
      client_assertion_audience: audience,
    },
  });
  return [
    privateKeyJwt(tokenEndpointServer, 'token_endpoint'),
    privateKeyJwt(issuerServer, 'issuer'),
    {
      name: 'tls_client_auth',
      server: issuerServer,
      kid: undefined,
      aud: undefined,
      variables: {
        ...common(issuerServer),
        token_endpoint_auth_method: 'tls_client_auth',
        client_id: issuerServer.clients.tlsClientAuth.client_id,
      },
    },
  ];
}

/**
 * Runs the demo and prints its steps and its table.
 *
 * @returns whether every request of every run passed, on the client's side and on the server's
 */
export async function runDemo({ collection, environment, report, print, onFiles }: DemoOptions): Promise<boolean> {
  const credentials = await createCredentials();
  const files = writeCredentialFiles(credentials);
  onFiles(files);
  const servers: AuthorizationServer[] = [];
  try {
    print(`Made for this run: a certificate authority, a signing key, and a transport certificate for`);
    print(`  ${toSubjectDn(credentials.transportCertificate.cert)}`);
    const start = async (audience: 'token_endpoint' | 'issuer') => {
      const server = await startAuthorizationServer({ audience, credentials });
      servers.push(server);
      print(`Started: an authorization server that takes only the ${audience.replace('_', ' ')} as audience`);
      print(`  issuer ${server.issuer}, endpoints with mutual TLS at ${server.resourceServerUrl}`);
      return server;
    };
    const tokenEndpointServer = await start('token_endpoint');
    const issuerServer = await start('issuer');
    const runs: DemoRun[] = [];
    for (const scenario of toScenarios(tokenEndpointServer, issuerServer)) {
      print(`\n${report.bold(scenario.name)}`);
      const run = await runScenario(scenario, collection, environment, files, step => print(report.formatStep(step)));
      for (const fault of run.faults) print(`  ${report.mark(false)}  ${fault}`);
      runs.push(run);
    }
    const passed = runs.filter(run => run.passed);
    print(`\n${report.formatTable(runs)}`);
    print(`${passed.length} of ${runs.length} runs passed`);
    return passed.length === runs.length;
  } finally {
    files.remove();
    await Promise.all(servers.map(server => server.close()));
  }
}

async function runScenario(
  { name, server, variables, kid, aud }: Scenario,
  collection: object,
  environment: Environment,
  files: CredentialFiles,
  onStep: Parameters<typeof runCollection>[0]['onStep'],
): Promise<DemoRun> {
  const seen = { requests: server.requests.length, verified: server.verified.length, refusals: server.refusals.length };
  const result = await runCollection({
    collection,
    environment: fill(environment, variables),
    clientCert: files.cert,
    clientKey: files.key,
    extraCaCerts: files.ca,
    onStep,
  });
  const verified = server.verified.slice(seen.verified);
  const isAsMeant = (entry: Verified) =>
    entry.method === variables.token_endpoint_auth_method &&
    entry.client_id === variables.client_id &&
    entry.kid === kid &&
    entry.aud === aud;
  const refusals = server.refusals.slice(seen.refusals);
  const faults = [
    ...refusals.map(({ endpoint, reason }) => `the server refused ${endpoint}: ${reason}`),
    ...places
      .filter(place => !verified.some(entry => isAt(entry, place) && isAsMeant(entry)))
      .map(({ title }) => `the server authenticated nobody in the way of this run: ${title}`),
  ];
  const apiAnswered =
    server.requests.slice(seen.requests).some(({ path }) => path === providersPath) &&
    !refusals.some(({ endpoint }) => endpoint === providersPath);
  return { name, verified, faults, apiAnswered, passed: result.passed && faults.length === 0 && apiAnswered };
}
