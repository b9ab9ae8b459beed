import { readFrame } from './web-frames.ts';

/**
 * The iOS app's event parser (contract §4.1): each byte is decoded by itself as UTF-8, so every byte from 0x80 on is
 * lost, and only LF LF ends a frame.
 */
export const iosFrames = (onEvent: (name: string, data: Record<string, unknown>) => void) => {
  let text = '';
  return (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      if (byte >= 0x80) continue;
      text += String.fromCharCode(byte);
      if (!text.endsWith('\n\n')) continue;
      readFrame(text.slice(0, -2), onEvent);
      text = '';
    }
  };
};
