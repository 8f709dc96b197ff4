// The few members of oidc-provider 9 that the demo uses; the package ships no types. Runs on the machine, in Node.

declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

  /** The client that oidc-provider found, with its registered metadata. */
  export interface Client {
    clientId: string;
    clientAuthMethod: string;
  }

  /** An access token, of the client credentials grant or of a user's consent. */
  export interface AccessToken {
    clientId: string;
    scope?: string;
    isValid: boolean;
    'x5t#S256'?: string;
  }

  /** Koa's context; `oidc` is there once a route of the server has matched. */
  export interface Context {
    req: IncomingMessage;
    path: string;
    headers: IncomingHttpHeaders;
    status: number;
    body: unknown;
    state: Record<string, unknown>;
    oidc?: {
      route: string;
      client?: Client;
      params?: { grant_type?: string; scope?: string; request?: string; client_assertion?: string };
    };
  }

  /** The Koa application that is the authorization server. */
  export default class Provider extends EventEmitter {
    constructor(issuer: string, configuration: object);
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    OIDCContext: { prototype: { clientJwtAuthExpectedAudience: () => Set<string> } };
    cookieName(type: 'session'): string;
    Session: new () => {
      jti: string;
      loginAccount(account: { accountId: string }): void;
      save(seconds: number): Promise<void>;
    };
    Grant: new (of: {
      accountId: string;
      clientId: string;
    }) => { addOIDCScope(scope: string): void; save(): Promise<void> };
    AccessToken: { find: (token: string) => Promise<AccessToken | undefined> };
    ClientCredentials: { find: (token: string) => Promise<AccessToken | undefined> };
  }

  export const errors: {
    InvalidClientAuth: new (detail: string) => Error;
    InvalidRequestObject: new (description: string) => Error;
  };
}
