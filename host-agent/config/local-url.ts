import { isIP } from 'node:net';

/** Base URL that reaches a listener on `host` from this machine: a wildcard address is dialled over loopback. */
export const localUrl = (host: string, port: number): string => {
  const dialled = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(dialled) === 6 ? `[${dialled}]` : dialled}:${port}`;
};
