// Unmodified @solana/kit against the chain at argv[2] (HTTP) and argv[3] (WebSocket); prints one JSON report.
import { createRequire } from "node:module";
const require = createRequire(process.cwd() + "/");
const kit = require("@solana/kit");

const SYSTEM = kit.address("11111111111111111111111111111111");
const SOL = 1_000_000_000n;
const rpc = kit.createSolanaRpc(process.argv[2]);
const subscriptions = kit.createSolanaRpcSubscriptions(process.argv[3]);
const confirm = kit.sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions: subscriptions });
const abort = new AbortController();

// The System program's transfer, written by hand: kit itself knows no program.
function transfer(from, to, lamports) {
  const data = new Uint8Array(12);
  new DataView(data.buffer).setUint32(0, 2, true);
  new DataView(data.buffer).setBigUint64(4, lamports, true);
  return {
    programAddress: SYSTEM, data,
    accounts: [
      { address: from.address, role: kit.AccountRole.WRITABLE_SIGNER, signer: from },
      { address: to, role: kit.AccountRole.WRITABLE },
    ],
  };
}

async function signed(from, to, lamports, version) {
  const { value: blockhash } = await rpc.getLatestBlockhash({ commitment: "confirmed" }).send();
  const message = kit.pipe(
    kit.createTransactionMessage({ version }),
    (each) => kit.setTransactionMessageFeePayerSigner(from, each),
    (each) => kit.setTransactionMessageLifetimeUsingBlockhash(blockhash, each),
    (each) => kit.appendTransactionMessageInstruction(transfer(from, to, lamports), each),
  );
  return kit.signTransactionMessageWithSigners(message);
}

// Resolves once subscribed; `.note` resolves with the first notification.
async function first(subscription) {
  const heard = await subscription.subscribe({ abortSignal: abort.signal });
  return { note: (async () => { for await (const each of heard) return each; })() };
}

async function refused(from, to) {
  try {
    await confirm(await signed(from, to, 1_000_000n * SOL, 0), { commitment: "confirmed" });
    return null;
  } catch (error) {
    return { preflight: kit.isSolanaError(error, kit.SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE),
             logs: error.context.logs };
  }
}

async function main() {
  const payer = await kit.generateKeyPairSigner();
  const { address: other } = await kit.generateKeyPairSigner();
  const airdrop = kit.airdropFactory({ rpc, rpcSubscriptions: subscriptions });
  await airdrop({ recipientAddress: payer.address, lamports: kit.lamports(3n * SOL), commitment: "confirmed" });
  const report = { balance: String((await rpc.getBalance(payer.address, { commitment: "confirmed" }).send()).value) };

  const changed = await first(subscriptions.accountNotifications(other, { commitment: "confirmed", encoding: "base64" }));
  const logged = await first(subscriptions.logsNotifications({ mentions: [other] }, { commitment: "confirmed" }));
  const ofProgram = await first(subscriptions.programNotifications(SYSTEM, { commitment: "confirmed", encoding: "base64" }));
  const slot = await first(subscriptions.slotNotifications());
  const sent = await signed(payer, other, SOL, 0);
  const signature = kit.getSignatureFromTransaction(sent);
  const landing = await first(subscriptions.signatureNotifications(signature, { commitment: "confirmed" }));
  await confirm(sent, { commitment: "confirmed" });
  await confirm(await signed(payer, other, 2n, "legacy"), { commitment: "confirmed" });

  report.landed = (await landing.note).value.err;
  report.changed = String((await changed.note).value.lamports);
  report.logs = (await logged.note).value.logs;
  report.ofProgram = [payer.address, other].includes((await ofProgram.note).value.pubkey);
  const { slot: number, root } = await slot.note;
  report.slot = number > root;
  abort.abort();
  report.refused = await refused(payer, other);
  const found = await rpc.getTransaction(signature,
    { commitment: "confirmed", encoding: "json", maxSupportedTransactionVersion: 0 }).send();
  report.transaction = { version: found.version, fee: String(found.meta.fee), post: found.meta.postBalances.slice(0, 2).map(String) };
  const { value: statuses } = await rpc.getSignatureStatuses([signature]).send();
  report.status = ["confirmed", "finalized"].includes(statuses[0].confirmationStatus);
  const accounts = await rpc.getProgramAccounts(SYSTEM,
    { commitment: "confirmed", encoding: "base64", filters: [{ dataSize: 0n }] }).send();
  report.found = accounts.some((each) => each.pubkey === other);
  const { value: account } = await rpc.getAccountInfo(other, { encoding: "base64", commitment: "confirmed" }).send();
  report.account = { space: String(account.space), lamports: String(account.lamports) };
  console.log(JSON.stringify(report, (_, each) => (typeof each === "bigint" ? String(each) : each)));
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
