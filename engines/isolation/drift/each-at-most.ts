/**
 * Does `work` for every item, for at most `limit` of them at one time. After a failure nothing more is begun; the first one is
 * thrown when what was at work has ended.
 */
export async function eachAtMost<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const one = async (): Promise<void> => {
    while (failures.length === 0) {
      const { done, value } = rest.next();
      if (done === true) return;
      await work(value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, one));
  if (failures.length > 0) throw failures[0];
}
