import { useSearchParams } from "react-router";

/** The wall display: no navigation, for a screen that nobody operates. In the address, so that a kiosk can start with it. */
export function useWall(): [boolean, (wall: boolean) => void] {
  const [query, setQuery] = useSearchParams();
  const choose = (wall: boolean) => {
    setQuery((before) => {
      const after = new URLSearchParams(before);
      if (wall) after.set("wall", "1");
      else after.delete("wall");
      return after;
    });
  };
  return [query.get("wall") === "1", choose];
}
