import { StartError } from '../config/start-error.ts';

/** The address of an edge as it is kept: without a slash at the end, or anything behind it. Throws StartError. */
export const edgeUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new StartError(`"${text}" is not the address of an edge. Example: https://agents.example.com`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new StartError(`The address of an edge has no password, "?" or "#": ${url.origin}${url.pathname}`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
};
