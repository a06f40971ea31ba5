/**
 * One window records, however many are open. The lock is the browser's: it is free again when its window is closed or crashes.
 */

const LOCK = 'runnity-recording';

/**
 * @param {{onMine: () => void, onLost: () => void}} handlers `onLost`: another window has taken it over
 */
export function createWindowLock({ onMine, onLost }) {
  /** @param {LockOptions} options @returns {Promise<boolean>} whether it was got, once that is known */
  function request(options) {
    if (!('locks' in navigator)) {
      onMine();
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      navigator.locks.request(LOCK, options, (lock) => {
        resolve(lock !== null);
        if (!lock) return undefined;
        onMine();
        return new Promise(() => {}); // until the window is closed
      }).catch(onLost);
    });
  }

  return {
    tryTake: () => request({ ifAvailable: true }),
    /** When the window that has it is closed. */
    takeWhenFree: () => void request({}),
    takeOver: () => request({ steal: true }),
  };
}
