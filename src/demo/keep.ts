// `npm start -- --keep <folder>`: an authorization server that runs until it is ended, and the files of its client, to try the
// commands with. Runs in Node, but knows no `process`.

import { mkdirSync, readdirSync } from 'node:fs';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { clientFiles, writeClientFiles } from './credential-files.ts';

export type KeepOptions = {
  /** Absolute path of an empty folder, see {@link findFolderFault}. */
  folder: string;
  /** Absolute path of the command line, for Node. */
  commandLine: string;
  print: (text: string) => void;
  /** Resolves when the user ends the server. */
  waitForEnd: () => Promise<void>;
};

/** Makes a folder if it is missing; says why it cannot take the files, if so. */
export function findFolderFault(folder: string): string | undefined {
  const remedy = 'Name a new or an empty folder.';
  try {
    mkdirSync(folder, { recursive: true });
    return readdirSync(folder).length === 0 ? undefined : `${folder} is not empty. ${remedy}`;
  } catch (error) {
    return `${folder} cannot be used as a folder (${(error as NodeJS.ErrnoException).code}). ${remedy}`;
  }
}

/**
 * Starts an authorization server, writes the files of its client, prints what to try, and ends with the user. The files stay: others
 * that the user has made with them are in the same folder.
 *
 * @throws what the start of the server or the writing of a file throws
 */
export async function keepServer({ folder, commandLine, print, waitForEnd }: KeepOptions): Promise<void> {
  const server = await startAuthorizationServer({ audience: 'token_endpoint' });
  try {
    writeClientFiles(folder, server.credentials);
    const end = waitForEnd();
    print(toInstructions(server, folder, commandLine));
    await end;
  } finally {
    await server.close();
  }
  print(`\nEnded. The files stay in ${folder}, but no server takes these keys any more: delete the folder.`);
}

function toInstructions(server: AuthorizationServer, folder: string, commandLine: string): string {
  const { privateKeyJwt, tlsClientAuth } = server.clients;
  const command = `node ${quote(commandLine)}`;
  const toInit = (method: string, clientId: string) =>
    `${command} init --method ${method} --client-id ${clientId} --kid ${privateKeyJwt.kid} --issuer ${server.issuer} ` +
    `--resource-server-url ${server.resourceServerUrl} --redirect-uri ${server.redirectUri} ` +
    `--signing-key ${clientFiles.signingKey} --ssl-client-cert ${clientFiles.cert} --ssl-client-key ${clientFiles.key} ` +
    `--ssl-extra-ca-certs ${clientFiles.ca}`;
  return `This authorization server runs until you press Ctrl-C, on this machine alone:
  issuer     ${server.issuer}
  API        ${server.resourceServerUrl}
  client_id  ${privateKeyJwt.client_id} for private_key_jwt
  client_id  ${tlsClientAuth.client_id} for tls_client_auth
  kid        ${privateKeyJwt.kid}
The files of the client are in ${folder}:
  ${Object.values(clientFiles).join(', ')}
They are made anew at each start. The certificates are valid for one day.

Paste this into another terminal, line by line. If HTTPS_PROXY is set there, set NO_PROXY to 127.0.0.1.

cd ${quote(folder)}
${toInit('private_key_jwt', privateKeyJwt.client_id)}
${command} check --live --jwks ${clientFiles.jwks}
${command} run
${command} token
${command} agent

For the other method, paste this, and then check, run and token again:

${toInit('tls_client_auth', tlsClientAuth.client_id)} --force
`;
}

/** A text as one word of a shell. */
const quote = (text: string): string => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);
