// URLs as the wire has them, on both sides: spellings that reach the same place become one. Errs towards "the same": whoever is
// compared here must have been authenticated. Pure.

import { decodePercent } from './encoding.ts';

/** Node and today's Postman have it; Newman's host has brought the host name into one form by itself before a test script runs. */
declare const URL: new (url: string) => { href: string };

const normalize = (url: string): string => {
  try {
    // Without the class this throws too.
    return new URL(url).href;
  } catch {
    return url;
  }
};

/** Gives scheme, host, port and path in one spelling; user name, query and fragment are dropped. */
export const toWireUrl = (url: string): string => {
  const [, scheme = '', host = '', port, path = ''] =
    /^\s*(https?):\/\/(?:[^/?#]*@)?([^/?#]*?)\.?(?::(\d*))?(\/[^?#]*)?(?:[?#]|\s*$)/i.exec(normalize(url)) ?? [];
  const segments: string[] = [];
  for (const segment of decodePercent(path).trim().split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  const secure = scheme.toLowerCase();
  return `${secure}://${host.toLowerCase()}:${Number(port) || (secure === 'https' ? 443 : 80)}/${segments.join('/')}`;
};
