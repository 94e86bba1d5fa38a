/** The keys of calls, wherever in the form the hand is. */

/** What is done to the open call. */
export type CallAction =
  | 'send'
  | 'place'
  | 'address'
  | 'accuracy'
  | 'category'
  | 'description'
  | 'later'
  | 'same'
  | 'reasons'
  | { priority: number }
/** What is done to all of them, also where none is open. */
export type DeskAction = 'another' | 'next'

type Pressed = Pick<KeyboardEvent, 'code' | 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'isComposing'>

// By the place on the keyboard: with Alt some systems write another letter.
const BY_ALT: Readonly<Record<string, CallAction | DeskAction>> = {
  KeyP: 'place',
  KeyA: 'address',
  KeyR: 'accuracy',
  KeyC: 'category',
  KeyM: 'description',
  KeyT: 'later',
  KeyS: 'same',
  KeyL: 'reasons',
  KeyN: 'another',
  KeyJ: 'next',
  Digit1: { priority: 1 },
  Digit2: { priority: 2 },
  Digit3: { priority: 3 },
  Digit4: { priority: 4 },
}

/** What a key with Alt or Ctrl does; null where it is none of ours. */
export function actionOf(pressed: Pressed): CallAction | DeskAction | null {
  if (pressed.isComposing || pressed.shiftKey) return null
  const { altKey, ctrlKey, metaKey } = pressed
  if (pressed.key === 'Enter' && (ctrlKey || metaKey) && !altKey) return 'send'
  return altKey && !ctrlKey && !metaKey ? (BY_ALT[pressed.code] ?? null) : null
}

/** Whether a key was pressed by itself, and not for an input method. */
export function isAlone({ altKey, ctrlKey, metaKey, isComposing }: Pick<Pressed, 'altKey' | 'ctrlKey' | 'metaKey' | 'isComposing'>): boolean {
  return !altKey && !ctrlKey && !metaKey && !isComposing
}

/** Whether keys there are a dialog's, and none of the page's. */
export function inDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role=dialog]') !== null
}

/** Whether keys write letters there, or choose by them. */
export function takesText(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  const writes = element?.closest?.('textarea, select, [contenteditable], input')
  return !!writes && !writes.matches('input[type=radio], input[type=checkbox]')
}
