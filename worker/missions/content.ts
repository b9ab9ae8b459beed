import { AppError } from '../../shared/errors.ts';
import { maxMessageBytes } from '../../shared/limits.ts';

/**
 * The text of a message as it is kept: trimmed. 400 where nothing is left, 413 where it is too large for a row of the
 * log.
 */
export const messageContent = (text: string): string => {
  const content = text.trim();
  if (content === '') throw new AppError('bad_request', 'content is required');
  if (Buffer.byteLength(content) > maxMessageBytes) {
    throw new AppError('too_large', `content is larger than ${maxMessageBytes} bytes: put long texts into a file`);
  }
  return content;
};
