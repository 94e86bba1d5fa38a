/** Security keys by the browser (WebAuthn level 3), with options and answers as JSON. */

/** The person turned away from the key, or the browser found none: nothing was refused. */
export class KeyNotShown extends Error {}

/** Whether this page can ask for a key: over TLS or on localhost, in a browser of 2024 or newer. */
export function canUseKeys(): boolean {
  return typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function'
}

/** Makes a key by the server's options. */
export function makeKey(options: unknown): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as PublicKeyCredentialCreationOptionsJSON,
  )
  return answered(navigator.credentials.create({ publicKey }))
}

/** Has a key sign the server's challenge. */
export function showKey(options: unknown): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as PublicKeyCredentialRequestOptionsJSON,
  )
  return answered(navigator.credentials.get({ publicKey }))
}

async function answered(asked: Promise<Credential | null>): Promise<Record<string, unknown>> {
  try {
    const credential = (await asked) as PublicKeyCredential | null
    if (credential) return credential.toJSON() as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
  throw new KeyNotShown()
}
