// URLs as the wire has them, inside the sandbox: spellings that reach the same place become one. Errs towards "the same": whoever
// is compared here must have been authenticated. Pure.

/** Today's Postman has it; Newman's host has brought the host name into one form by itself before a test script runs. */
declare const URL: new (url: string) => { href: string };

const normalize = (url: string): string => {
  try {
    // Without the class this throws too.
    return new URL(url).href;
  } catch {
    return url;
  }
};

/** Decodes percent-encoding; text that has none of the right form stays. */
export const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Gives scheme, host, port and path in one spelling; user name, query and fragment are dropped. */
export const toWireUrl = (url: string): string => {
  const [, scheme = '', host = '', port, path = ''] =
    /^\s*(https?):\/\/(?:[^/?#]*@)?([^/?#]*?)\.?(?::(\d*))?(\/[^?#]*)?(?:[?#]|\s*$)/i.exec(normalize(url)) ?? [];
  const segments: string[] = [];
  for (const segment of decode(path).trim().split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  const secure = scheme.toLowerCase();
  return `${secure}://${host.toLowerCase()}:${Number(port) || (secure === 'https' ? 443 : 80)}/${segments.join('/')}`;
};
