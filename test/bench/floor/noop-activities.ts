export interface NoopActivities {
  noop(input: object): Promise<object>;
}

export const noopActivities: NoopActivities = { noop: async () => ({}) };
