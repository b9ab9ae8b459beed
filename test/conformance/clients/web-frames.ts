/**
 * The web app's event parser (contract §4.1): any line end, `data:` lines trimmed and joined without a break, frames
 * that are no JSON dropped. Give it the bytes as they come.
 */
export const webFrames = (onEvent: (name: string, data: Record<string, unknown>) => void) => {
  const decoder = new TextDecoder();
  let text = '';
  return (bytes: Uint8Array): void => {
    text += decoder.decode(bytes, { stream: true });
    // A CR at the end may be half of a CRLF.
    const held = text.endsWith('\r') ? '\r' : '';
    text = text.slice(0, text.length - held.length).replace(/\r\n?/g, '\n');
    const frames = text.split('\n\n');
    text = (frames.pop() ?? '') + held;
    for (const frame of frames) readFrame(frame, onEvent);
  };
};

/** One frame, as both apps read its lines. */
export const readFrame = (frame: string, onEvent: (name: string, data: Record<string, unknown>) => void): void => {
  let name = 'message';
  let data = '';
  for (const line of frame.split('\n')) {
    if (line.startsWith('event:')) name = line.slice('event:'.length).trim();
    else if (line.startsWith('data:')) data += line.slice('data:'.length).trim();
  }
  const parsed = jsonObject(data);
  if (parsed) onEvent(name, parsed);
};

const jsonObject = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    // Both apps drop such a frame without a word.
    return null;
  }
};
