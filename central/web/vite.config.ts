import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `classpulse-central serve` listens while the dashboard is worked on with `npm run dev`. */
const CENTRAL = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // Without them the bytes depend on the source alone, and CI can tell a stale build by comparing.
    sourcemap: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    // The content security policy allows no data: URL but for pictures.
    assetsInlineLimit: 0,
    // What is bundled asks that its licence goes with it.
    license: { fileName: "licences.md" },
  },
  server: {
    // Central compares the origin of whatever changes something with its own.
    proxy: {
      "/api": { target: CENTRAL, headers: { origin: CENTRAL } },
      "/ws": { target: CENTRAL.replace("http", "ws"), ws: true, headers: { origin: CENTRAL } },
    },
  },
  test: {
    restoreMocks: true,
    // A busy machine is no failure.
    testTimeout: 30_000,
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["tests/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "pages",
          environment: "jsdom",
          include: ["tests/**/*.test.tsx"],
          setupFiles: ["tests/setup.ts"],
        },
      },
    ],
  },
});
