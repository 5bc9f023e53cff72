"""People who never lived, and the ways in which callers write what tells who they are."""

from dataclasses import dataclass
from random import Random

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "麒骁翊淳霁澍珩旻晔骞彧煜楠婧妍琬蕙筠璇瑾"
PROVINCES = "蒙京晋冀辽"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One invented person."""

    name: str
    phone: str
    id_number: str
    plate: str
    door: str

    def phone_written(self, rng: Random) -> str:
        """The phone as people write it."""
        a, b, c = self.phone[:3], self.phone[3:7], self.phone[7:]
        return rng.choice(
            [
                self.phone,
                f"{a} {b} {c}",
                f"{a}-{b}-{c}",
                f"+86{self.phone}",
                f"86-{self.phone}",
                self.phone.translate(FULL_WIDTH),
                f"{a}.{b}.{c}",
            ]
        )


def invent(rng: Random) -> Invented:
    """A person by chance."""
    birthday = f"{rng.randrange(1950, 2005)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    return Invented(
        name=rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2)),
        phone=f"1{rng.choice('3578')}{rng.randrange(10**9):09d}",
        id_number=f"159902{birthday}{rng.randrange(1000):03d}{rng.choice('0123456789X')}",
        plate=f"{rng.choice(PROVINCES)}{rng.choice('ABLK')}{rng.randrange(10**5):05d}",
        door=f"{rng.randrange(1, 9)}单元{rng.randrange(1, 33)}{rng.randrange(1, 5):02d}",
    )


def complaint(person: Invented, rng: Random) -> str:
    """A request full of what nobody else may see."""
    matter = rng.choice(
        [
            "楼下的路灯三天不亮了",
            "门口的井盖坏了一直没人管",
            "小区里垃圾好几天没有清运",
            "楼上半夜装修，吵得睡不着",
            "暖气不热，家里只有十几度",
        ]
    )
    phone = person.phone_written(rng)
    return rng.choice(
        [
            f"我叫{person.name}，电话{phone}，住{person.door}室，{matter}，请尽快处理。",
            f"{matter}。请联系我{phone}，{person.name}。",
            f"本人{person.name}，身份证号{person.id_number}，{matter}，回电{phone}。",
            f"{matter}，我的车{person.plate}停在旁边出不来，联系电话：{phone}，{person.name}",
            f"{person.name}反映：{matter}，家住{person.door}，手机{phone}，身份证{person.id_number}",
        ]
    )
