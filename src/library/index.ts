// The library: what `import … from 'paynet-client-auth'` gives. The same code as the commands `assertion`, `inject` and `run`. On the
// machine.

export { ClientAuthError, type ClientAuthErrorCode } from '../client-auth/errors.ts';
export {
  type ClientAssertion,
  type ClientAssertionClaims,
  type ClientAssertionOptions,
  createClientAssertion,
} from './client-assertion.ts';
export { type InjectScriptOptions, injectScript } from './inject-script.ts';
export { type RunOptions, type RunSummary, run } from './run.ts';
