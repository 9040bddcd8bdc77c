// Who may hold a connection of a server: so many in all, so many of one remote address. Inside this room only.
//
// Where there is no room, the connection goes that has waited longest without having shown a whole request: idle
// sockets never keep a client out that speaks. One that has made a request is not dropped for another. Any thread.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace vanthu::net {

class admission {
public:
    // A place; given back when the last copy goes.
    class place {
    public:
        ~place();
        void speaks(); // has made a request: stays from now on

    private:
        friend class admission;
        std::shared_ptr<admission> of_;
        std::string address_;
        std::function<void()> give_way_;
        std::list<place*>::iterator waiting_;
        bool counted_ = false, silent_ = false;
    };

    // 0 for one address: no bound.
    static std::shared_ptr<admission> make(std::size_t in_all, std::size_t of_one_address);

    // `address` empty: counted in all only. nullptr: no room, and all who are there have spoken. `give_way` is called
    // at most once, from any thread, under no promise that the connection has begun; its place is free at once.
    static std::shared_ptr<place> enter(const std::shared_ptr<admission>&, std::string address,
                                        std::function<void()> give_way);
    std::size_t present() const;

private:
    admission(std::size_t in_all, std::size_t of_one) : in_all_(in_all), of_one_(of_one) {}
    void leave(place&); // under the guard
    std::function<void()> drop_oldest(const std::string* of_address);

    const std::size_t in_all_, of_one_;
    mutable std::mutex guard_;
    std::size_t present_ = 0;
    std::map<std::string, std::size_t> by_address_;
    std::list<place*> silent_; // oldest first
};

} // namespace vanthu::net
