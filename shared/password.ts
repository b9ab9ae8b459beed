/**
 * A password as it is compared and hashed, on both sides alike; null for a text that is nobody's password. White space
 * around it doesn't count (contract §1.2), and neither does whether a keyboard sends `ä` as one character or as two
 * (RFC 8265 §4.2). NULs are refused, because scrypt's HMAC fills a short key up with them: a password with some at its
 * end would be the same one. So are lone surrogates, which all become the same U+FFFD on the way to bytes.
 */
export const passwordText = (text: string): string | null =>
  text.includes('\0') || !text.isWellFormed() ? null : text.trim().normalize('NFC');

/** A user's name as it is compared. Case counts. */
export const userNameText = (text: string): string => text.trim().normalize('NFC');

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64 of either alphabet: a password that was hashed before. */
export const passwordHash = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/=_-]+)\$([A-Za-z0-9+/=_-]+)$/;
