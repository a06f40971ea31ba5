/**
 * Keeps the screen on: a browser measures nothing behind a dark one. The lock is lost whenever the page is hidden, and taken again
 * when it is seen.
 */

/** @typedef {'on' | 'off' | 'missing' | 'refused'} WakeState `off`: not wanted, or the page is hidden */

/** @param {(state: WakeState) => void} onState */
export function createWakeLock(onState) {
  let wanted = false;
  /** @type {WakeLockSentinel | null} */
  let lock = null;

  async function take() {
    if (!wanted || lock || document.hidden) return;
    if (!('wakeLock' in navigator)) return onState('missing');
    try {
      const taken = await navigator.wakeLock.request('screen');
      if (!wanted) return void taken.release();
      lock = taken;
      lock.addEventListener('release', () => {
        lock = null;
        onState('off');
      });
      onState('on');
    } catch {
      onState('refused'); // the battery is low, or the system says no
    }
  }

  document.addEventListener('visibilitychange', take);

  return {
    /** @param {boolean} now */
    want(now) {
      if (wanted === now) return;
      wanted = now;
      if (now) take();
      else lock?.release();
    },
  };
}
