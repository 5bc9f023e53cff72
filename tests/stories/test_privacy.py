"""Who complained stays in intake: not on Kafka, shown only to the called unit, every look kept."""

from aiokafka import AIOKafkaConsumer

from tests.support.city import City
from tests.support.waiting import eventually

LEAD = "C-SZZ"
NAME, PHONE, ID_NUMBER, PLATE = "欧阳测试", "13912345678", "150102199003078515", "蒙A12345"


async def everything_on_kafka(city: City) -> str:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=city.servers.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.subscribe([t for t in await consumer.topics() if t.startswith(city.prefix)])
        text: list[str] = []
        while batch := await consumer.getmany(timeout_ms=1500):
            text += [
                r.value.decode(errors="replace") for rs in batch.values() for r in rs if r.value
            ]
        return "\n".join(text)
    finally:
        await consumer.stop()


async def disclose(city: City, ticket_id: str, unit: str, purpose="联系市民核实地点"):
    return await city.call(
        "POST", "intake", f"/api/v1/tickets/{ticket_id}/disclosures",
        role="handler", unit=unit, name="王工", json={"purpose": purpose},
    )  # fmt: skip


async def test_nothing_of_the_person_is_on_kafka_and_the_called_unit_may_ask(city: City):
    lead = await city.bureau(LEAD)
    created = await city.submit(
        description=f"我叫{NAME}，电话{PHONE}，身份证{ID_NUMBER}，车牌{PLATE}，住3号楼2单元501室，"
        "楼下路灯坏了三天了。",
        place={"region": "159902001001", "address": "河湾锦苑3号楼2单元501室"},
        reporter={"name": NAME, "phone": PHONE},
    )
    ticket_id = created["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    assert "路灯坏了三天" in whistle["summary"]
    said = await everything_on_kafka(city)
    assert ticket_id in said
    for secret in (NAME, PHONE, ID_NUMBER, PLATE, "501室", "2单元"):
        assert secret not in said.replace(created["number"], ""), secret

    async def asked():
        return await disclose(city, ticket_id, LEAD)

    shown = await eventually(asked, until=lambda answer: answer.status_code in (200, 201))
    assert (shown.json()["name"], shown.json()["phone"]) == (NAME, PHONE)
    assert "501" in shown.json()["door"]
    assert (await disclose(city, ticket_id, "BH-CGJ")).status_code == 403
    assert (await disclose(city, ticket_id, LEAD, purpose="")).status_code == 422
    words = " ".join(row["zh"] for row in (await city.ticket(ticket_id))["timeline"])
    assert "查看" in words


async def test_a_tip_off_is_confidential_and_its_contact_is_refused(city: City):
    lead = await city.bureau("BH-CGJ")
    created = await city.submit(
        category="0103",
        type="tip_off",
        description="有人在楼顶私自加盖房屋，夜里施工，请不要说是我反映的。",
        place={"region": "159902001001", "address": "河湾锦苑7号楼"},
        reporter={"name": NAME, "phone": PHONE},
    )
    whistle = await lead.whistled(created["ticket_id"])
    assert whistle["confidential"]
    assert whistle["assignment"]["contact"] is None
    assert "河湾锦苑" not in str(whistle["place"])

    async def asked():
        return await disclose(city, created["ticket_id"], "BH-CGJ")

    answer = await eventually(asked, until=lambda answer: answer.status_code == 403)
    assert answer.json()["zh"]
