/** Files on their way between an HTTP request and a server. */
import * as z from 'zod';
import { maxUploadBytes } from '../limits.ts';
import { channel } from './channel.ts';

/** Where a file, or a piece of one, is now. */
export const storedFile = z.object({ path: z.string(), name: z.string() });

/** A multipart body on its way to the server, which takes its first field as a file. */
export const uploadChannel = channel('upload', 'to server', storedFile, { maxBytes: maxUploadBytes });

/** A file, or a part of it, on its way from the server. */
export const downloadChannel = channel('download', 'from server', z.null());
