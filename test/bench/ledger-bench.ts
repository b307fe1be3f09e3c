import { benchDeliveries } from './ledger/deliveries.ts';
import { benchLiveLag } from './ledger/live-lag.ts';
import { benchSequencing } from './ledger/sequencing.ts';

/** What `npm run bench:ledger` measures, in order. */
export const ledgerParts = { sequencing: benchSequencing, lag: benchLiveLag, deliveries: benchDeliveries };
