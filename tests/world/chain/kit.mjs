// Unmodified @solana/kit against the chain at argv[2] (HTTP) and argv[3] (WebSocket); prints one JSON report.
import { createRequire } from "node:module";
const require = createRequire(process.cwd() + "/");
const kit = require("@solana/kit");

const rpc = kit.createSolanaRpc(process.argv[2]);
const subscriptions = kit.createSolanaRpcSubscriptions(process.argv[3]);
const signer = await kit.generateKeyPairSigner();
const airdrop = kit.airdropFactory({ rpc, rpcSubscriptions: subscriptions });
await airdrop({ recipientAddress: signer.address, lamports: kit.lamports(3_000_000_000n), commitment: "confirmed" });
const { value: balance } = await rpc.getBalance(signer.address, { commitment: "confirmed" }).send();
const abort = new AbortController();
const slots = await subscriptions.slotNotifications().subscribe({ abortSignal: abort.signal });
let first = null;
for await (const each of slots) { first = each; break; }
abort.abort();
const { value: account } = await rpc.getAccountInfo(signer.address, { encoding: "base64", commitment: "confirmed" }).send();
console.log(JSON.stringify({ balance: String(balance), slot: first.slot > first.root, space: String(account.space) }));
process.exit(0);
