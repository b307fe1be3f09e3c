/**
 * Runs `work` for every item, for at most `limit` of them at the same time. After a failure it starts nothing more, and
 * throws the first failure once the running work has ended.
 */
export async function forEachConcurrent<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (failures.length === 0) {
      const { done, value } = rest.next();
      if (done === true) return;
      await work(value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
