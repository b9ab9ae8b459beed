/**
 * One server-sent event. JSON is ASCII-escaped and on one line: the iOS app reads bytes one at a time as UTF-8 and
 * drops the rest (contract §4.1), and frames are separated by exactly LF LF. `id` makes the event a point to resume
 * from.
 */
export const sseEvent = (event: string, data: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${asciiJson(data)}\n\n`;

/** A bare position: tells a client how far it has seen without showing anything. */
export const sseCursor = (id: string): string => `id: ${id}\n\n`;

/** A comment; ignored by every parser, keeps proxies and clients from giving up. */
export const sseComment = (text: string): string => `: ${text}\n\n`;

/** JSON with every character outside printable ASCII as \uXXXX. */
export const asciiJson = (value: object): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
