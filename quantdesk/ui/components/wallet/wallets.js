// Which wallets this browser has, which one is connected, and what it may be asked.
import { getWallets } from "@wallet-standard/app";
import { BurnerWallet } from "./burner.js";
import { shortAddress } from "./bytes.js";

const REMEMBERED = "qd-wallet";
const registry = getWallets();
const listeners = new Set();
let config = null;
let connection = null;

const usable = (wallet) =>
  wallet.chains.some((chain) => chain.startsWith("solana:")) &&
  "standard:connect" in wallet.features &&
  "solana:signTransaction" in wallet.features;

const tell = () => listeners.forEach((listener) => listener());
registry.on("register", tell);
registry.on("unregister", tell);

export const listWallets = () => registry.get().filter(usable);
export const rememberedWallet = () => localStorage.getItem(REMEMBERED);
export const currentConnection = () => connection;

export function onWallets(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// The server's word on where we are; the burner exists only outside production.
export async function loadConfig() {
  if (config) return config;
  const response = await fetch("/api/config");
  if (!response.ok) throw new Error("The server did not say which network this is. Try again.");
  config = await response.json();
  if (config.environment === "development") registry.register(new BurnerWallet());
  return config;
}

export async function connect(wallet, { silent = false } = {}) {
  const { accounts } = await wallet.features["standard:connect"].connect(silent ? { silent } : undefined);
  const account = accounts.find((item) => item.chains.some((chain) => chain.startsWith("solana:")));
  if (!account) throw new Error(`${wallet.name} shared no Solana account. Choose one in the wallet.`);
  connection = { wallet, account };
  localStorage.setItem(REMEMBERED, wallet.name);
  tell();
  return connection;
}

export function forget() {
  connection?.wallet.features["standard:disconnect"]?.disconnect();
  connection = null;
  localStorage.removeItem(REMEMBERED);
  tell();
}

// Sign-In With Solana where the wallet knows it, else the same text as a plain message.
export async function signSignIn({ wallet, account }, challenge) {
  const signIn = wallet.features["solana:signIn"];
  if (signIn) {
    const [output] = await signIn.signIn(challenge.input);
    return { address: output.account.address, message: output.signedMessage, signature: output.signature };
  }
  const message = new TextEncoder().encode(challenge.message);
  const [output] = await wallet.features["solana:signMessage"].signMessage({ account, message });
  return { address: account.address, message: output.signedMessage, signature: output.signature };
}

async function connectionFor(address) {
  if (!connection) {
    await loadConfig();
    const wallet = listWallets().find((item) => item.name === rememberedWallet());
    if (!wallet) throw new Error("Your wallet is not in this browser. Sign out and connect it again.");
    await connect(wallet, { silent: true }).catch(() => connect(wallet));
  }
  const account = connection.wallet.accounts.find((item) => item.address === address);
  if (account) return { wallet: connection.wallet, account };
  const found = shortAddress(connection.account.address);
  throw new Error(`Your wallet is on ${found}, you signed in as ${shortAddress(address)}. Switch in the wallet.`);
}

export async function signTransaction(address, transaction) {
  const { wallet, account } = await connectionFor(address);
  const chain = account.chains.find((item) => item.startsWith("solana:"));
  const [output] = await wallet.features["solana:signTransaction"].signTransaction({ account, transaction, chain });
  return output.signedTransaction;
}

export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", "x-quantdesk": "1" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}. Try again.`);
  return answer;
}
