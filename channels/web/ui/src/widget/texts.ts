// What the button and its box say on another site.
export const texts = {
  vi: {
    open: "Trò chuyện với thành phố", close: "Đóng khung trò chuyện", unread: "{n} tin chưa đọc", opening: "Đang mở…",
    failed: "Khung trò chuyện chưa mở được trên trang này. Mời bà con trò chuyện ở trang của thành phố.", tab: "Mở trong thẻ mới",
  },
  en: {
    open: "Chat with the city", close: "Close the chat", unread: "{n} unread", opening: "Opening…",
    failed: "The chat could not be opened on this page. You can talk with the city on its own page.", tab: "Open in a new tab",
  },
};

export type Say = (typeof texts)["vi"];
