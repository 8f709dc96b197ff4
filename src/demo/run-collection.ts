// Runs a collection in Newman and reduces what happens to one step per request. Runs on the machine, in Node.

import newman, { type NewmanRunOptions } from 'newman';

/** What became of one request of the collection. */
export type Step = {
  name: string;
  /** HTTP status; undefined if the request was not sent or got no answer, which is a failure. */
  status: number | undefined;
  /** In milliseconds. */
  duration: number;
  /** What failed, each with its message; empty if all is well. */
  failures: string[];
};

export type RunOptions = {
  collection: object;
  environment: object;
  /** Paths of PEM files. */
  clientCert: string;
  clientKey: string;
  extraCaCerts: string;
  onStep: (step: Step) => void;
};

// A failed assertion can quote what it looked at; neither a JWT nor a PEM block belongs on a terminal.
const redact = (text: string) =>
  text
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '<JWT>')
    .replace(/-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g, '<PEM>');

/**
 * Runs every request of a collection once, in order; server certificates are verified.
 *
 * @returns the steps in order, and whether Newman too found that all of it passed
 * @throws what Newman throws when it cannot run the collection at all
 */
export function runCollection(options: RunOptions): Promise<{ steps: Step[]; passed: boolean }> {
  const { collection, environment, clientCert, clientKey, extraCaCerts, onStep } = options;
  const settings = {
    collection,
    environment,
    reporters: [],
    sslClientCert: clientCert,
    sslClientKey: clientKey,
    sslExtraCaCerts: extraCaCerts,
  } as unknown as NewmanRunOptions;

  return new Promise((resolve, reject) => {
    const steps: Step[] = [];
    let step: Step = { name: '', status: undefined, duration: 0, failures: [] };
    let startedAt = 0;
    const note = (error: Error | null | undefined, label = '') => {
      if (error) step.failures.push(redact(`${label}${error.message}`));
    };
    newman
      .run(settings, (error, summary) => {
        const failure = error ?? summary.error;
        if (failure) return reject(failure);
        resolve({
          steps,
          passed: summary.run.failures.length === 0 && steps.every(({ failures }) => failures.length === 0),
        });
      })
      .on('beforeItem', (_error, { item }) => {
        startedAt = performance.now();
        step = { name: item.name, status: undefined, duration: 0, failures: [] };
      })
      .on('request', (error, { response, cursor }) => {
        note(error);
        // Not of a request that a script sends, discovery for one.
        if (!('scriptId' in cursor)) step.status = response?.code;
      })
      .on('assertion', (error, { assertion }) => note(error, `${assertion}: `))
      .on('script', error => note(error, 'script: '))
      .on('item', () => {
        step.duration = performance.now() - startedAt;
        if (step.status === undefined && step.failures.length === 0) step.failures.push('the request was not sent');
        steps.push(step);
        onStep(step);
      });
  });
}
